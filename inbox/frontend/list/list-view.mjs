// The list of conversations: which rows are shown, where it is scrolled to, and the keyboard in it.

import { button, fill, update } from "../core/dom.mjs";
import { beforeLeaving, remember } from "../core/entries.mjs";
import { onConversationsChanged, onInvalidate } from "../core/refresh.mjs";
import { navigate, set, state, watch, when } from "../core/store.mjs";
import { around, hasFreeFocus } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";
import { virtualList } from "../core/virtual-list.mjs";
import { isNearEnd, isNearStart } from "../core/visible-range.mjs";
import {
	changeRows,
	dropFarRows,
	loadAbove,
	loadList,
	loadMore,
	partsUntil,
	refreshList,
	retryLoadMore,
	showTotalOfPages,
} from "./list-loader.mjs";
import { createHeading, createRow, listItems, maySwipe, rowPageName } from "./row.mjs";
import { toggleSelection } from "./selection.mjs";

const ROW_REM = { comfortable: 5.5, compact: 3.25 };
const SAVE_POSITION_DELAY_MS = 200;

/** @type {ReturnType<typeof virtualList<any>>} */
const rows = virtualList({
	scroller: "scroller",
	rows: "rows",
	rowRem: () => (state.isCompact ? ROW_REM.compact : ROW_REM.comfortable),
	key: (item) => item.id,
	stamp: (item) => item.last_message_time,
	shows: (item, drawn, top) => (item.heading ? item : shows(item, drawn, top)),
	draw: (shown) => (shown.heading ? createHeading(shown) : createRow(shown, { onClick, onFocus, onSwipe })),
	onScroll() {
		dropFarRows(rows.firstVisible());
		loadWhereItEnds();
		schedulePositionSave();
	},
	isWhole: () => !state.list.skipped,
});
let onSwipe = (_row) => {};
let savePositionTimer = null;
let cursorIndex = 0; // the position of the cursor's row, which may leave the list
let lastOpenId = null;
let isPlaced = true; // at the position where the user was

/** `swipe(row)`: what a swipe does, of users who may do it. */
export function startList({ swipe }) {
	onSwipe = swipe;
	watch(
		({ list, openId, cursor, selection, isAllSelected, pages, filter, insight }) => [
			list.rows,
			list.people,
			list.status,
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
	watch(({ list }) => [list.skipped], drawDepth);
	watch(
		({ isCompact }) => [isCompact],
		({ isCompact }) => update("page", { class: { compact: isCompact } }),
	);
	when(({ isCompact }) => [isCompact], rows.resize);
	when(({ list }) => [list], loadWhereItEnds);
	when(
		({ filter }) => [filter],
		() => loadAtPosition(history.state),
	);
	when(({ pages, filter, list }) => [pages, filter, list.status], showTotalOfPages); // not of the rows before
	when(({ openId }) => [openId], keepOpenInSight);
	beforeLeaving(savePosition);
	onInvalidate(() => refreshList(rowInSight().index));
	onConversationsChanged(changeRows);
}

/** Loads the rows again that were asked for before the event stream was open. */
export const refreshRows = () => refreshList(rowInSight().index);

// -- the position, which is kept with the entry of the browser's history
async function loadAtPosition(position) {
	isPlaced = false;
	await loadAndMove(position);
	isPlaced = true;
}

async function loadAndMove(position) {
	if (!(await loadList({ count: position?.count, parts: position?.parts }))) return;
	const items = listItems(state.list, state.filter);
	const index = items.findIndex(({ id }) => id === position?.first);
	if (!position?.parts) rows.moveTo(position?.top ?? 0);
	else rows.moveTo(index < 0 ? 0 : index * rows.viewport().rowHeight + position.below);
	revealOpen();
}

/** The first row that is in sight, its index among the rows, and how many pixels of it are not. */
function rowInSight() {
	const { top, rowHeight } = rows.viewport();
	const items = listItems(state.list, state.filter);
	const place = rows.firstVisible();
	const row = items.slice(place).find(({ heading }) => !heading);
	return { row, index: row ? state.list.rows.indexOf(row) : -1, below: top - place * rowHeight };
}

function schedulePositionSave() {
	clearTimeout(savePositionTimer);
	savePositionTimer = setTimeout(savePosition, SAVE_POSITION_DELAY_MS);
}

function savePosition() {
	const { list } = state;
	if (list.status !== "ready") return;
	const { row, below } = rowInSight();
	const parts = row ? partsUntil(row) : [];
	const place = parts.length > 1 ? { parts, first: row.id, below } : { parts: undefined };
	remember({ top: rows.viewport().top, count: list.rows.length, ...place });
}

// After it is closed, too: on a phone it was over the list.
async function keepOpenInSight({ openId }) {
	const closedId = openId ? null : lastOpenId;
	lastOpenId = openId;
	schedulePositionSave();
	if (!closedId || !hasFreeFocus("conversation")) return;
	const index = indexOf(closedId);
	if (index >= 0) rows.focusRow(index);
}

function revealOpen() {
	const index = state.openId ? indexOf(state.openId) : -1;
	if (index >= 0) rows.reveal(index);
}

const indexOf = (id) => listItems(state.list, state.filter).findIndex((item) => item.id === id);

function loadWhereItEnds() {
	if (isNearEnd(rows.viewport())) loadMore();
	if (state.list.skipped && isPlaced && isNearStart(rows.viewport())) loadAbove();
}

// -- what is shown
function draw({ list, filter, cursor }) {
	const items = listItems(list, filter);
	rows.draw(items);
	if (items.length) update("list-state", { hidden: true }); // what is said without rows is in empty-state.mjs
	const index = cursor ? items.findIndex(({ id }) => id === cursor) : 0;
	if (index >= 0) cursorIndex = index;
}

// All that a row shows. Tab reaches one row: the one under the cursor, else the first in sight.
function shows(row, drawn, top) {
	const { openId, cursor, selection, isAllSelected, filter, insight } = state;
	const first = top?.heading ? drawn.find(({ heading }) => !heading) : top;
	const tabStop = drawn.find(({ id }) => id === cursor) ?? first;
	return {
		row,
		filter,
		insight,
		pageName: rowPageName(row),
		isOpen: openId === row.id,
		isTabStop: row === tabStop,
		isSelected: isAllSelected || selection.has(row.id),
		isSwiped: maySwipe(row),
	};
}

function drawFooter({ list: { status, rows: loaded, people, next, isLoadingMore, moreError } }) {
	const message = moreError
		? moreError.message
		: isLoadingMore || next
			? gettext("Loading more…")
			: gettext("End of list");
	update("foot", { hidden: status !== "ready" || !(loaded.length || people?.rows.length) });
	fill("foot", message, moreError && button(gettext("Try again"), retryLoadMore, "link"));
}

function drawDepth({ list: { skipped } }) {
	update("depth", { hidden: !skipped });
	fill(
		"depth",
		gettext("You are further down this list."),
		" ",
		button(gettext("Go to the newest"), goToNewest, "link"),
	);
}

async function goToNewest() {
	remember({ parts: undefined, top: 0 });
	if (await loadList()) rows.moveTo(0);
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
	const items = listItems(state.list, state.filter);
	const position = items.findIndex(({ id }) => id === (state.cursor ?? state.openId));
	const from = position < 0 ? cursorIndex - Number(step > 0) : position;
	let index = Math.min(items.length - 1, Math.max(0, from + step));
	while (items[index]?.heading) index += step < 0 && position > 0 ? -1 : 1;
	if (!items[index]) index = position; // a heading is at the end
	if (index < 0) return;
	set({ cursor: items[index].id });
	rows.draw(items);
	rows.focusRow(index);
}
