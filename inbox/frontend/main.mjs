// Assembles the inbox page.

import { showOperationsInProgress } from "./actions/actions.mjs";
import { startBulkBar } from "./actions/bulk-bar.mjs";
import { startShortcuts } from "./actions/shortcuts.mjs";
import { get } from "./core/api.mjs";
import { byId } from "./core/dom.mjs";
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
import { set, watch } from "./core/store.mjs";
import { timeZone } from "./core/time-zone.mjs";
import { startEmptyState } from "./list/empty-state.mjs";
import { startList } from "./list/list-view.mjs";
import { startSearchBar } from "./list/search-bar.mjs";
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
byId("shortcuts").addEventListener("click", showShortcuts);
watch("openId insight", showScreen);
watch("isFilterFormOpen", ({ isFilterFormOpen }) => isFilterFormOpen && startFilterForm());
watch("openId", ({ openId }) => openId && startConversation({ pickTag }));
watch("insight openId filter", ({ insight, openId }) => insight && !openId && drawInsight());
watch("filter.facebookPageId", ({ pages }) => pages && loadCounts());
watch("isConnected", ({ isConnected }) => {
	byId("offline").hidden = isConnected !== false;
});
byId("time-zone").textContent = `Times in ${timeZone}`;

onConversationsChanged(handleCounts); // before the list has the new rows
startList();
set({}); // draws the page for the first time, which loads the list
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
	document.body.dataset.screen = openId ? "conversation" : insight ? "insight" : "list";
	byId("insight").hidden = !insight || Boolean(openId);
	byId("conversation").hidden = insight && !openId;
	byId("conversation-empty").hidden = Boolean(openId);
	byId("conversation-open").hidden = !openId;
}
