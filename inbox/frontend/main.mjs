// Assembles the inbox page. What the list does not need is loaded when it is first used.

import { showOperations, toggleStatus } from "./actions/actions.mjs";
import { startBulkBar } from "./actions/bulk-bar.mjs";
import { startShortcuts } from "./actions/shortcuts.mjs";
import { startAlerts } from "./alerts/alerts.mjs";
import { get } from "./core/api.mjs";
import { button, fill, update } from "./core/dom.mjs";
import { openLayer } from "./core/entries.mjs";
import { notifyTabs, subscribe } from "./core/event-stream.mjs";
import { lazy } from "./core/lazy.mjs";
import { startPanes } from "./core/panes.mjs";
import { wantsNotifications } from "./core/preferences.mjs";
import {
	handleChange,
	invalidate,
	onConversationsChanged,
	onInvalidate,
	setTabNotifier,
} from "./core/refresh.mjs";
import { findPage, hasRole, set, watch, when } from "./core/store.mjs";
import { focus } from "./core/targets.mjs";
import { gettext } from "./core/texts.mjs";
import { timeZone } from "./core/time-zone.mjs";
import { dismissUnreached } from "./core/toast.mjs";
import { refreshRows, startList } from "./list/list-view.mjs";
import { startSearchBar } from "./list/search-bar.mjs";
import { startSidebar } from "./sidebar/sidebar.mjs";
import { handleCounts, loadCounts, loadSidebar, loadViews, showUnread } from "./sidebar/sidebar-loader.mjs";
import { startSyncPanels } from "./sync/sync-panel.mjs";
import { handleRun } from "./sync/sync-runs.mjs";

const LATEST_START_MS = 1000; // the event stream may take longer, or not open at all

const styles = (path) => new URL(path, import.meta.url).href;
const savedViews = () => import("./sidebar/saved-views.mjs");
const tagPicker = () => import("./actions/tag-picker.mjs");
const moreMenus = () => import("./actions/more-menus.mjs");
const matchBar = () => import("./conversation/match-bar.mjs");
const notifications = () => import("./core/notifications.mjs");
const conversationStyles = styles("./conversation/conversation.css");
const menuStyles = styles("./core/menu.css");

const pickTag = lazy(tagPicker, "pickTag");
const showShortcuts = lazy(() => import("./actions/shortcut-help.mjs"), "showShortcuts");
const openListMenu = lazy(moreMenus, "openListMenu", menuStyles);
const assigneePicker = () => import("./actions/assignee-picker.mjs");
const pickAssignee = lazy(assigneePicker, "pickAssignee");
const pickSnooze = lazy(() => import("./actions/snooze-picker.mjs"), "pickSnooze");
const openConversationMenu = lazy(moreMenus, "openConversationMenu", menuStyles);
const startEmptyState = lazy(() => import("./list/empty-state.mjs"), "startEmptyState", null);
const startFilterForm = lazy(() => import("./list/filter-form.mjs"), "startFilterForm", null);
const startAppearance = lazy(() => import("./sidebar/appearance.mjs"), "startAppearance", null);
const startNotifications = lazy(notifications, "startNotifications", null);
const toggleNotifications = lazy(notifications, "toggle", null);
const notifyOfMessages = lazy(notifications, "notifyOfMessages", null);
const startConversation = lazy(
	() => import("./conversation/conversation-view.mjs"),
	"startConversation",
	conversationStyles,
);
const composer = () => import("./composer/composer.mjs");
const composerStyles = styles("./composer/composer.css");
const startComposer = lazy(composer, "startComposer", composerStyles);
const drawInsight = lazy(
	() => import("./insight/insight.mjs"),
	"drawInsight",
	styles("./insight/insight.css"),
);

startSidebar({
	openViewMenu: lazy(savedViews, "openViewMenu", menuStyles),
	deleteView: lazy(savedViews, "deleteView"),
	moveView: lazy(savedViews, "moveView", null),
	createTag: lazy(tagPicker, "createTag"),
});
startSearchBar({ saveView: lazy(savedViews, "saveView") });
startShortcuts({
	pickTag,
	openPalette: lazy(() => import("./actions/command-palette.mjs"), "openPalette"),
	showShortcuts,
	pickAssignee,
	assignToMe: lazy(assigneePicker, "assignToMe", null),
	pickSnooze,
	writeAnswer: lazy(composer, "writeAnswer", composerStyles),
	writeNote: lazy(() => import("./conversation/notes.mjs"), "writeNote", conversationStyles),
	toggleStatus,
	findInConversation: lazy(matchBar, "findInConversation", conversationStyles),
	stepMatch: lazy(matchBar, "stepMatch", conversationStyles),
});
startSyncPanels({ loadSummary: lazy(() => import("./sync/sync-summary.mjs"), "loadSummary", null) });
startBulkBar({ pickTag, pickAssignee, pickSnooze });
startAlerts();
startPanes();
update("shortcuts", { onclick: showShortcuts });
update("list-menu", { onclick: ({ currentTarget }) => openListMenu(currentTarget) });
update("account-menu", { ontoggle: startAppearance });
update("skip-to-list", { onclick: (event) => skipTo(event, "scroller") });
update("skip-to-messages", { onclick: (event) => skipTo(event, "messages") });
fill("time-zone", gettext("Times in %(zone)s", { zone: timeZone }));
offerNotifications();
watch(({ openId, insight }) => [openId, insight], showScreen);
when(
	({ isFilterFormOpen }) => [isFilterFormOpen],
	({ isFilterFormOpen }) => isFilterFormOpen && startFilterForm(),
);
when(
	({ openId }) => [openId],
	({ openId }) => openId && startConversation({ pickTag, pickAssignee, pickSnooze, openConversationMenu }),
);
when(
	({ conversation, pages }) => [conversation?.row?.page_id, pages],
	({ conversation }) => hasRole("agent", findPage(conversation?.row?.page_id)) && startComposer(),
);
when(
	({ insight, openId, filter }) => [insight, openId, filter],
	({ insight, openId }) => insight && !openId && drawInsight(),
);
when(
	({ pages }) => [!pages], // the role decides what a menu offers
	({ pages }) => update("list-menu", { disabled: !pages }),
);
when(
	({ filter }) => [filter.facebookPageId],
	({ pages }) => pages && loadCounts(),
);
when(
	({ list }) => [list.status !== "loading" && !list.rows.length],
	({ list }) => list.status !== "loading" && !list.rows.length && startEmptyState(),
);
when(({ isSidebarOpen }) => [isSidebarOpen], followSidebar);

onConversationsChanged(handleCounts); // before the list has the new rows
startList({ swipe: ({ id }) => toggleStatus({ ids: [id] }) });
onInvalidate(loadSidebar);
onInvalidate(loadViews);
setTabNotifier(notifyTabs);
subscribe({
	onRun: handleRun,
	onCatchUp: () => loadOthers() || invalidate({ isUrgent: true }),
	onChange: (change) => {
		onHiddenChange(change);
		handleChange(change);
	},
	onHiddenChange,
	onConnected(isConnected) {
		set({ isConnected });
		if (!isConnected) return;
		loadOthers();
		dismissUnreached();
	},
	onRefused: () => get("/api/pages").catch(() => {}), // the session may have ended
});
setTimeout(loadOthers, LATEST_START_MS);

let isStarted = false;

/**
 * Loads what stands beside the rows, once: when the event stream is open, so that no change is missed afterwards. The rows
 * themselves were asked for at once, and are asked for again. Returns whether it did.
 */
function loadOthers() {
	if (isStarted) return false;
	isStarted = true;
	refreshRows();
	loadSidebar();
	loadViews();
	get("/api/acts").then(
		({ acts }) => showOperations(acts),
		() => {}, // the next load shows them
	);
	return true;
}

function onHiddenChange(change) {
	showUnread(change);
	if (wantsNotifications()) notifyOfMessages(change);
}

// The module is loaded when they are on, or when the user turns them on.
function offerNotifications() {
	if (wantsNotifications()) startNotifications();
	else if ("Notification" in globalThis && isSecureContext)
		fill("notifications", button(gettext("Turn on notifications"), toggleNotifications, "link"));
}

function skipTo(event, id) {
	event.preventDefault();
	focus(id);
}

let leaveSidebar = () => {};

function followSidebar({ isSidebarOpen }) {
	leaveSidebar();
	leaveSidebar = isSidebarOpen ? openLayer(() => set({ isSidebarOpen: false })) : () => {};
}

// On a phone each pane is a screen of its own.
function showScreen({ openId, insight }) {
	update("page", { "data-screen": openId ? "conversation" : insight ? "insight" : "list" });
	update("insight", { hidden: !insight || Boolean(openId) });
	update("conversation", { hidden: insight && !openId });
	update("conversation-empty", { hidden: Boolean(openId) });
	update("conversation-open", { hidden: !openId });
	update("skip-to-messages", { hidden: !openId });
}
