// Draws the visible rows of the list: about forty elements, however many rows are loaded.

import { button, byId, fill } from "../core/dom.mjs";
import { onConversationsChanged, onInvalidate } from "../core/refresh.mjs";
import { navigate, set, state, watch } from "../core/store.mjs";
import { changeRows, loadList, loadMore, refreshList, retryLoadMore } from "./list-loader.mjs";
import { createRow, rowPageName, updateRow } from "./row.mjs";
import { toggleSelection } from "./selection.mjs";
import { isNearEnd, scrollTopFor, visibleRange } from "./virtual.mjs";

const ROW_REM = 5.5;
const SAVE_POSITION_DELAY_MS = 200;

const scroller = byId("scroller");
const rowList = byId("rows");
const footer = byId("foot");
const drawnRows = new Map(); // row ID → {element, key}
let rowHeight = 88;
let isDrawScheduled = false;
let savePositionTimer = null;
let anchors = []; // the visible rows when the list was last drawn: {index, id, time}
let cursorIndex = 0; // the position of the cursor's row, which may leave the list

export function startList() {
	measureRows();
	addEventListener("resize", () => {
		measureRows();
		draw();
	});
	scroller.addEventListener("scroll", onScroll, { passive: true });
	rowList.addEventListener("click", onClick);
	rowList.addEventListener("focusin", ({ target }) => setCursor(Number(target.closest("li")?.dataset.id)));
	watch("list openId cursor selection isAllSelected pages filter", draw);
	watch("filter", () => loadAtPosition(history.state));
	watch("openId", schedulePositionSave);
	onInvalidate(() => refreshList(firstVisibleIndex()));
	onConversationsChanged(changeRows);
}

// Restores the scroll position if this entry of the browser's history was shown before.
async function loadAtPosition(position) {
	if (await loadList({ count: position?.count })) scroller.scrollTop = position?.top ?? 0;
}

function measureRows() {
	rowHeight = Math.round(ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize));
	rowList.style.setProperty("--row", `${rowHeight}px`);
}

function onScroll() {
	if (!isDrawScheduled) requestAnimationFrame(draw);
	isDrawScheduled = true;
	schedulePositionSave();
}

function schedulePositionSave() {
	clearTimeout(savePositionTimer);
	savePositionTimer = setTimeout(savePosition, SAVE_POSITION_DELAY_MS);
}

function savePosition() {
	const { list } = state;
	if (list.status === "ready") history.replaceState({ top: scroller.scrollTop, count: list.rows.length }, "");
}

const firstVisibleIndex = () => Math.floor(scroller.scrollTop / rowHeight);

const viewport = (count) => ({ top: scroller.scrollTop, height: scroller.clientHeight, rowHeight, count });

function draw() {
	isDrawScheduled = false;
	const { list } = state;
	keepScrollPosition(list.rows);
	rowList.style.height = `${list.rows.length * rowHeight}px`;
	const { first, last } = visibleRange(viewport(list.rows.length));
	const visible = list.rows.slice(first, last);
	const focusedId = document.activeElement?.closest("#rows li")?.dataset.id;
	removeRowsExcept(new Set(visible.map(({ id }) => id)));
	const tabStopId = (visible.find(({ id }) => id === state.cursor) ?? list.rows[firstVisibleIndex()])?.id;
	insertInOrder(visible.map((row, offset) => drawRow(row, first + offset, tabStopId)));
	restoreFocus(Number(focusedId));
	drawFooter(list);
	if (isNearEnd(viewport(list.rows.length))) loadMore();
}

// Rows that come and go above must not move the rows that the user reads. A row that has gone to another place itself,
// because of a new message, is none of these.
function keepScrollPosition(rows) {
	const isKept = ({ index, id, time }) => rows[index]?.id === id && rows[index].last_message_time === time;
	if (scroller.scrollTop > 0 && !anchors.every(isKept)) moveWithAnchor(rows);
	const first = firstVisibleIndex();
	const visible = rows.slice(first, first + Math.ceil(scroller.clientHeight / rowHeight));
	anchors = visible.map(({ id, last_message_time: time }, offset) => ({ index: first + offset, id, time }));
}

function moveWithAnchor(rows) {
	const places = new Map(rows.map(({ id, last_message_time: time }, index) => [id, { index, time }]));
	const anchor = anchors.find(({ id, time }) => places.get(id)?.time === time);
	if (!anchor) return;
	rowList.style.height = `${rows.length * rowHeight}px`;
	scroller.scrollTop += (places.get(anchor.id).index - anchor.index) * rowHeight;
}

function removeRowsExcept(ids) {
	for (const [id, { element }] of drawnRows) {
		if (ids.has(id)) continue;
		element.remove();
		drawnRows.delete(id);
	}
}

function drawRow(row, index, tabStopId) {
	const { openId, cursor, selection, isAllSelected, filter, list } = state;
	const element = currentElement(row, [row, filter, rowPageName(row)]);
	updateRow(element, {
		isOpen: openId === row.id,
		isTabStop: row.id === tabStopId,
		isSelected: isAllSelected || selection.has(row.id),
		index,
		count: list.rows.length,
	});
	element.style.transform = `translateY(${index * rowHeight}px)`;
	if (row.id === (cursor ?? list.rows[0].id)) cursorIndex = index;
	return element;
}

// `key`: what the element shows. The element is created again when it changes.
function currentElement(row, key) {
	const drawn = drawnRows.get(row.id);
	const isCurrent = drawn && key.every((part, index) => part === drawn.key[index]);
	const element = isCurrent ? drawn.element : createRow(row, key[2]);
	if (drawn && drawn.element !== element) drawn.element.replaceWith(element);
	drawnRows.set(row.id, { element, key });
	return element;
}

// Elements that are already there are not moved: a moved element loses the focus.
function insertInOrder(elements) {
	let next = rowList.firstElementChild;
	for (const element of elements) {
		if (element === next) next = next.nextElementSibling;
		else rowList.insertBefore(element, next);
	}
}

// A row that was created again gets its focus back.
function restoreFocus(id) {
	if (!id || document.activeElement?.closest("#rows")) return;
	const link = drawnRows.get(id)?.element.querySelector("a") ?? scroller;
	link.focus({ preventScroll: true });
}

function drawFooter({ status, rows, next, isLoadingMore, moreError }) {
	const message = moreError ? moreError.message : isLoadingMore || next ? "Loading more…" : "End of list";
	footer.hidden = status !== "ready" || !rows.length;
	fill(footer, message, moreError && button("Try again", retryLoadMore, "link"));
}

// -- clicks and the keyboard
function onClick(event) {
	const id = Number(event.target.closest("li")?.dataset.id);
	if (!id) return;
	const isCheckbox = event.target.matches("input");
	if (isCheckbox || event.shiftKey) {
		if (!isCheckbox) event.preventDefault();
		if (isCheckbox || !event.target.closest(".select-box")) toggleSelection(id, { isRange: event.shiftKey });
	} else if (event.target.closest("a") && !event.ctrlKey && !event.metaKey && !event.button) {
		event.preventDefault();
		navigate({ openId: id });
	}
}

function setCursor(id) {
	if (id && state.cursor !== id) set({ cursor: id });
}

/** Moves the cursor by this number of rows, and the focus with it. */
export function moveCursor(step) {
	const { list, cursor, openId } = state;
	if (!list.rows.length) return;
	const position = list.rows.findIndex(({ id }) => id === (cursor ?? openId));
	const from = position < 0 ? cursorIndex - Number(step > 0) : position;
	const index = Math.min(list.rows.length - 1, Math.max(0, from + step));
	set({ cursor: list.rows[index].id });
	scroller.scrollTop = scrollTopFor({ index, ...viewport(list.rows.length) });
	draw();
	drawnRows.get(list.rows[index].id)?.element.querySelector("a").focus({ preventScroll: true });
}
