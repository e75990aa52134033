// The list of conversations: which rows are shown, where it is scrolled to, and the keyboard in it.

import { button, fill, update } from "../core/dom.mjs";
import { onConversationsChanged, onInvalidate } from "../core/refresh.mjs";
import { navigate, set, state, watch, when } from "../core/store.mjs";
import { around } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";
import { virtualList } from "../core/virtual-list.mjs";
import { isNearEnd } from "../core/visible-range.mjs";
import { changeRows, loadList, loadMore, refreshList, retryLoadMore } from "./list-loader.mjs";
import { createRow, rowPageName } from "./row.mjs";
import { toggleSelection } from "./selection.mjs";

const ROW_REM = { comfortable: 5.5, compact: 3.25 };
const SAVE_POSITION_DELAY_MS = 200;

const rows = virtualList({
	scroller: "scroller",
	rows: "rows",
	rowRem: () => (state.isCompact ? ROW_REM.compact : ROW_REM.comfortable),
	key: (row) => row.id,
	stamp: (row) => row.last_message_time,
	shows,
	draw: (shown) => createRow(shown, { onClick, onFocus }),
	onScroll() {
		loadIfNearEnd();
		schedulePositionSave();
	},
});
let savePositionTimer = null;
let cursorIndex = 0; // the position of the cursor's row, which may leave the list

export function startList() {
	watch(
		({ list, openId, cursor, selection, isAllSelected, pages, filter, insight }) => [
			list.rows,
			openId,
			cursor,
			selection,
			isAllSelected,
			pages,
			filter,
			insight,
		],
		draw,
	);
	watch(({ list }) => [list], drawFooter);
	when(({ isCompact }) => [isCompact], rows.resize);
	when(({ list }) => [list], loadIfNearEnd);
	when(
		({ filter }) => [filter],
		() => loadAtPosition(history.state),
	);
	when(({ openId }) => [openId], schedulePositionSave);
	onInvalidate(() => refreshList(rows.firstVisible()));
	onConversationsChanged(changeRows);
}

// Restores the scroll position if this entry of the browser's history was shown before.
async function loadAtPosition(position) {
	if (await loadList({ count: position?.count })) rows.moveTo(position?.top ?? 0);
}

function schedulePositionSave() {
	clearTimeout(savePositionTimer);
	savePositionTimer = setTimeout(savePosition, SAVE_POSITION_DELAY_MS);
}

function savePosition() {
	const { list } = state;
	if (list.status === "ready")
		history.replaceState({ top: rows.viewport().top, count: list.rows.length }, "");
}

function loadIfNearEnd() {
	if (isNearEnd(rows.viewport())) loadMore();
}

function draw({ list, cursor }) {
	rows.draw(list.rows);
	const index = cursor ? list.rows.findIndex(({ id }) => id === cursor) : 0;
	if (index >= 0) cursorIndex = index;
}

// All that a row shows. Tab reaches one row: the one under the cursor, else the first in sight.
function shows(row, drawn, top) {
	const { openId, cursor, selection, isAllSelected, filter, insight } = state;
	const tabStop = drawn.find(({ id }) => id === cursor) ?? top;
	return {
		row,
		filter,
		insight,
		pageName: rowPageName(row),
		isOpen: openId === row.id,
		isTabStop: row === tabStop,
		isSelected: isAllSelected || selection.has(row.id),
	};
}

function drawFooter({ list: { status, rows: loaded, next, isLoadingMore, moreError } }) {
	const message = moreError
		? moreError.message
		: isLoadingMore || next
			? gettext("Loading more…")
			: gettext("End of list");
	update("foot", { hidden: status !== "ready" || !loaded.length });
	fill("foot", message, moreError && button(gettext("Try again"), retryLoadMore, "link"));
}

// -- clicks and the keyboard
function onClick(event, { id }) {
	const isCheckbox = Boolean(around(event, "input"));
	if (isCheckbox || event.shiftKey) {
		if (!isCheckbox) event.preventDefault();
		if (isCheckbox || !around(event, ".select-box")) toggleSelection(id, { isRange: event.shiftKey });
	} else if (around(event, "a") && !event.ctrlKey && !event.metaKey && !event.button) {
		event.preventDefault();
		navigate({ openId: id });
	}
}

function onFocus({ id }) {
	if (state.cursor !== id) set({ cursor: id });
}

/** Moves the cursor by this number of rows, and the focus with it. */
export function moveCursor(step) {
	const { list, cursor, openId } = state;
	if (!list.rows.length) return;
	const position = list.rows.findIndex(({ id }) => id === (cursor ?? openId));
	const from = position < 0 ? cursorIndex - Number(step > 0) : position;
	const index = Math.min(list.rows.length - 1, Math.max(0, from + step));
	set({ cursor: list.rows[index].id });
	rows.draw(list.rows);
	rows.focusRow(index);
}
