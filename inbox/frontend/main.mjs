// Assembles the inbox page.

import { showOperationsInProgress } from "./actions/actions.mjs";
import { startBulkBar } from "./actions/bulk-bar.mjs";
import { startShortcuts } from "./actions/shortcuts.mjs";
import { get } from "./core/api.mjs";
import { fill, update } from "./core/dom.mjs";
import { notifyTabs, subscribe } from "./core/event-stream.mjs";
import { lazy } from "./core/lazy.mjs";
import { notifyOfMessages, startNotifications } from "./core/notifications.mjs";
import {
	handleChange,
	invalidate,
	onConversationsChanged,
	onInvalidate,
	setTabNotifier,
} from "./core/refresh.mjs";
import { set, watch, when } from "./core/store.mjs";
import { gettext } from "./core/texts.mjs";
import { timeZone } from "./core/time-zone.mjs";
import { startEmptyState } from "./list/empty-state.mjs";
import { startList } from "./list/list-view.mjs";
import { startSearchBar } from "./list/search-bar.mjs";
import { startAppearance } from "./sidebar/appearance.mjs";
import { startSidebar } from "./sidebar/sidebar.mjs";
import { handleCounts, loadCounts, loadSidebar, loadViews, showUnread } from "./sidebar/sidebar-loader.mjs";
import { startSyncPanels } from "./sync/sync-panel.mjs";
import { handleRun } from "./sync/sync-runs.mjs";

const styles = (path) => new URL(path, import.meta.url).href;
const savedViews = () => import("./sidebar/saved-views.mjs");
const tagPicker = () => import("./actions/tag-picker.mjs");

const pickTag = lazy(tagPicker, "pickTag");
const showShortcuts = lazy(() => import("./actions/shortcut-help.mjs"), "showShortcuts");
const openPalette = lazy(() => import("./actions/command-palette.mjs"), "openPalette");
const moreMenus = () => import("./actions/more-menus.mjs");
const openListMenu = lazy(moreMenus, "openListMenu", styles("./core/menu.css"));
const openConversationMenu = lazy(moreMenus, "openConversationMenu", styles("./core/menu.css"));
const loadSummary = lazy(() => import("./sync/sync-summary.mjs"), "loadSummary", null);
const startFilterForm = lazy(() => import("./list/filter-form.mjs"), "startFilterForm", null);
const startConversation = lazy(
	() => import("./conversation/conversation-view.mjs"),
	"startConversation",
	styles("./conversation/conversation.css"),
);
const drawInsight = lazy(
	() => import("./insight/insight.mjs"),
	"drawInsight",
	styles("./insight/insight.css"),
);

startSidebar({ deleteView: lazy(savedViews, "deleteView"), createTag: lazy(tagPicker, "createTag") });
startSearchBar({ saveView: lazy(savedViews, "saveView") });
startBulkBar({ pickTag });
startEmptyState();
startShortcuts({ pickTag, openPalette, showShortcuts });
startSyncPanels({ loadSummary });
startNotifications();
startAppearance();
update("shortcuts", { onclick: showShortcuts });
update("list-menu", { onclick: ({ currentTarget }) => openListMenu(currentTarget) });
fill("time-zone", gettext("Times in %(timeZone)s", { timeZone }));
watch(({ openId, insight }) => [openId, insight], showScreen);
watch(
	({ isConnected }) => [isConnected],
	({ isConnected }) => update("offline", { hidden: isConnected !== false }),
);
when(
	({ isFilterFormOpen }) => [isFilterFormOpen],
	({ isFilterFormOpen }) => isFilterFormOpen && startFilterForm(),
);
when(
	({ openId }) => [openId],
	({ openId }) => openId && startConversation({ pickTag, openConversationMenu }),
);
when(
	({ insight, openId, filter }) => [insight, openId, filter],
	({ insight, openId }) => insight && !openId && drawInsight(),
);
when(
	({ filter }) => [filter.facebookPageId],
	({ pages }) => pages && loadCounts(),
);

onConversationsChanged(handleCounts); // before the list has the new rows
startList();
loadSidebar();
loadViews();
showOperationsInProgress();
onInvalidate(loadSidebar);
onInvalidate(loadViews);
setTabNotifier(notifyTabs);
subscribe({
	onRun: handleRun,
	onCatchUp: () => invalidate({ isUrgent: true }),
	onChange: (change) => {
		onHiddenChange(change);
		handleChange(change);
	},
	onHiddenChange,
	onConnected: (isConnected) => set({ isConnected }),
	onRefused: () => get("/api/pages").catch(() => {}), // the session may have ended
});

function onHiddenChange(change) {
	showUnread(change);
	notifyOfMessages(change);
}

// On a phone each pane is a screen of its own.
function showScreen({ openId, insight }) {
	update("page", { "data-screen": openId ? "conversation" : insight ? "insight" : "list" });
	update("insight", { hidden: !insight || Boolean(openId) });
	update("conversation", { hidden: insight && !openId });
	update("conversation-empty", { hidden: Boolean(openId) });
	update("conversation-open", { hidden: !openId });
}
