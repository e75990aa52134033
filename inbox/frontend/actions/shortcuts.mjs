// Keyboard shortcuts. The list for the user is in shortcut-help.mjs.

import { byId } from "../core/dom.mjs";
import { isDialogLoading } from "../core/lazy.mjs";
import { clearSelection, navigate, set, state, toggleInsight } from "../core/store.mjs";
import { moveCursor } from "../list/list-view.mjs";
import { toggleSelection } from "../list/selection.mjs";
import { oppositeStatus, setStatus } from "./actions.mjs";
import { currentTarget } from "./bulk-bar.mjs";

export function startShortcuts({ pickTag, openPalette, showShortcuts }) {
	const shortcuts = {
		j: () => moveCursor(1),
		k: () => moveCursor(-1),
		ArrowDown: () => moveCursor(1),
		ArrowUp: () => moveCursor(-1),
		o: openCursorRow,
		x: () => state.cursor && toggleSelection(state.cursor),
		e: () => withTarget((target) => setStatus(oppositeStatus(target), target)),
		t: () => withTarget((target) => pickTag("assign", target)),
		u: () => withTarget((target) => pickTag("remove", target)),
		"/": () => byId("search").focus(),
		i: toggleInsight,
		"?": showShortcuts,
		Escape: goBack,
	};
	addEventListener("keydown", (event) => {
		if (document.querySelector("dialog[open]")) return; // a dialog has its own keys
		if (isDialogLoading()) return void (isTyping(event) && event.preventDefault());
		if (event.ctrlKey || event.metaKey || event.altKey) {
			if (!event.altKey && event.key.toLowerCase() === "k") run(event, openPalette);
		} else if (event.target.matches?.("input:not([type=checkbox]), select")) leaveField(event);
		else if (event.key in shortcuts && !isArrowOutsideList(event)) run(event, shortcuts[event.key]);
	});
}

function isTyping({ key, ctrlKey, metaKey, altKey }) {
	return (key.length === 1 || key === "Enter") && !ctrlKey && !metaKey && !altKey;
}

// Outside the list the arrows scroll.
function isArrowOutsideList({ key, target }) {
	return key.startsWith("Arrow") && target !== document.body && !target.closest?.("#list");
}

function run(event, shortcut) {
	event.preventDefault();
	shortcut();
}

function leaveField(event) {
	if (event.key === "Escape") event.target.blur();
	const isSearch = event.target.id === "search";
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
	else if (openId || insight) navigate({ openId: null, insight: false });
}
