// Keyboard shortcuts. The list for the user is in shortcut-help.mjs.

import { update } from "../core/dom.mjs";
import { cancelDialogs, isDialogLoading } from "../core/lazy.mjs";
import {
	clearSelection,
	closeOpen,
	findPage,
	hasRole,
	navigate,
	set,
	state,
	toggleInsight,
} from "../core/store.mjs";
import { around, focus, isDialogOpen, leaveField } from "../core/targets.mjs";
import { moveCursor } from "../list/list-view.mjs";
import { currentTarget, toggleSelection } from "../list/selection.mjs";
import { toggleRead } from "./actions.mjs";

/** Each of these functions is loaded when it is used. */
export function startShortcuts({
	pickTag,
	openPalette,
	showShortcuts,
	pickAssignee,
	assignToMe,
	pickSnooze,
	writeAnswer,
	writeNote,
	toggleStatus,
	findInConversation,
	stepMatch,
}) {
	const shortcuts = {
		j: () => moveCursor(1),
		k: () => moveCursor(-1),
		ArrowDown: () => moveCursor(1),
		ArrowUp: () => moveCursor(-1),
		o: openCursorRow,
		x: () => state.cursor && toggleSelection(state.cursor),
		e: () => withTarget(toggleStatus),
		t: () => withTarget((target) => pickTag("assign", target)),
		u: () => withTarget((target) => pickTag("remove", target)),
		U: () => withTarget(toggleRead),
		a: () => withTarget(pickAssignee),
		m: () => withTarget(assignToMe),
		z: () => withTarget(pickSnooze),
		r: () => mayAnswer() && writeAnswer(),
		c: () => state.openId && writeNote(),
		"/": () => focus("search"),
		f: () => state.openId && findInConversation(),
		n: () => state.openId && stepMatch(1),
		N: () => state.openId && stepMatch(-1),
		i: toggleInsight,
		"?": showShortcuts,
		Escape: goBack,
	};
	update("page", { onkeydown: (event) => onKeyDown(event, shortcuts, openPalette) });
}

const mayAnswer = () => hasRole("agent", findPage(state.conversation?.row?.page_id));

/** Keys pressed while a dialog is being loaded are not for the page. Esc is for the dialog. */
function keepFromPage(event) {
	if (event.key === "Escape") cancelDialogs();
	else if (isTyping(event)) event.preventDefault();
}

function onKeyDown(event, shortcuts, openPalette) {
	if (isDialogOpen()) return; // a dialog has its own keys
	if (isDialogLoading()) return keepFromPage(event);
	if (event.ctrlKey || event.metaKey || event.altKey) {
		if (!event.altKey && event.key.toLowerCase() === "k") run(event, openPalette);
	} else if (around(event, "input:not([type=checkbox]), select, textarea")) endTyping(event);
	else if (event.key in shortcuts && !isArrowOutsideList(event)) run(event, shortcuts[event.key]);
}

function isTyping({ key, ctrlKey, metaKey, altKey }) {
	return (key.length === 1 || key === "Enter") && !ctrlKey && !metaKey && !altKey;
}

// Outside the list the arrows scroll.
function isArrowOutsideList(event) {
	return event.key.startsWith("Arrow") && event.target !== event.currentTarget && !around(event, "#list");
}

function run(event, shortcut) {
	event.preventDefault();
	shortcut();
}

function endTyping(event) {
	if (event.key === "Escape") leaveField();
	const isSearch = around(event, "#search");
	if (isSearch && (event.key === "ArrowDown" || event.key === "Escape")) run(event, () => moveCursor(0));
}

function openCursorRow() {
	if (state.cursor) navigate({ openId: state.cursor });
}

function withTarget(action) {
	const target = currentTarget();
	if (target) action(target);
}

function goBack() {
	const { selection, isAllSelected, isSidebarOpen, openId, insight } = state;
	if (isSidebarOpen) set({ isSidebarOpen: false });
	else if (selection.size || isAllSelected) clearSelection();
	else if (openId || insight) closeOpen();
}
