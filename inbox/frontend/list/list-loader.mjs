// Loads the rows of the list: the head for a filter, or the part where it was left; further rows by cursor; and visible
// rows again after a change. A search for names and messages asks for the people besides.

import { get, isAborted } from "../core/api.mjs";
import { rateLimited } from "../core/refresh.mjs";
import { filteredPages, keepIfEqual, NO_ROWS, setList, state } from "../core/store.mjs";
import { isGrouped, isSameFilter, isSearchTooShort, toParameters } from "../core/url.mjs";
import { appendRows, mergeRows, overlaps, partOf, partsAround, placeRows, rowsBefore } from "./merge.mjs";

const FIRST_LIMIT = 50;
const HEAD_LIMIT = 100;
const MORE_LIMIT = 500; // the further the user scrolls, the larger the parts
const MAX_LIMIT = 1000;
const MAX_IDS = 50; // that one request may look at
const MAX_PEOPLE = 20; // above what is found in messages; a link leads to all of them

let controller = null; // of the requests for the current filter; those for an earlier one are aborted
let loading = null;
let requests = 0; // whose answers may be older than a change that arrives meanwhile

async function fetchRows(parameters, filter = toParameters(state.filter)) {
	requests += 1;
	try {
		const options = { signal: controller.signal };
		const query = { ...filter, ...parameters };
		const { conversations, pagination } = await get("/api/conversations", query, options);
		const { total, totalIsExact: isExact, nextCursor: next } = pagination;
		return { rows: conversations, total, isExact, next };
	} finally {
		requests -= 1;
	}
}

async function fetchPeople() {
	if (!isGrouped(state.filter)) return null;
	const filter = { ...toParameters(state.filter), search_in: "names" };
	const { rows, total, isExact } = await fetchRows({ limit: MAX_PEOPLE, total: "estimate" }, filter);
	return { rows, total, isExact };
}

/**
 * Loads the list of the current filter from its head. `count`: the number of rows, to restore a scroll position; `parts`:
 * those up to the one where the user was. Resolves with false if it was aborted.
 */
export function loadList({ count = FIRST_LIMIT, parts = NO_ROWS.parts } = {}) {
	controller?.abort();
	controller = new AbortController();
	if (isSearchTooShort(state.filter)) return setList({ ...NO_ROWS, status: "short" });
	const isDeep = parts.length > 1 && !isGrouped(state.filter);
	const limit = isDeep ? MORE_LIMIT : Math.min(MAX_LIMIT, Math.max(FIRST_LIMIT, count));
	loading = loadFirst(limit, isDeep ? parts : NO_ROWS.parts, controller);
	return loading;
}

async function loadFirst(limit, parts, { signal }) {
	setList({ status: "loading", isLoadingMore: false, moreError: null });
	const cursor = parts.at(-1)?.cursor;
	try {
		const [people, part] = await Promise.all([
			showPeople(signal),
			fetchRows({ limit, total: "none", ...(cursor && { cursor }) }),
		]);
		if (cursor && !part.rows.length) return loadFirst(FIRST_LIMIT, NO_ROWS.parts, { signal });
		setList({ ...NO_ROWS, status: "ready", people, parts, skipped: parts.length - 1, ...part });
		refreshTotal(); // afterwards: counting may take longer than reading the rows
	} catch (error) {
		if (!isAborted(error)) setList({ ...NO_ROWS, status: "error", error });
	}
	return !signal.aborted;
}

// People are found sooner than messages.
async function showPeople(signal) {
	const people = await fetchPeople();
	if (people && !signal.aborted && state.list.status === "loading")
		setList({ ...NO_ROWS, status: "loading", people });
	return people;
}

export async function loadMore() {
	const { status, rows, next: cursor, isLoadingMore, moreError } = state.list;
	if (status !== "ready" || !cursor || isLoadingMore || moreError) return;
	setList({ isLoadingMore: true });
	try {
		const limit = Math.min(MORE_LIMIT, Math.max(HEAD_LIMIT, rows.length));
		const part = await fetchRows({ cursor, limit, total: "none" });
		const { id, last_message_time } = rows.at(-1);
		const parts = [...state.list.parts, { cursor, after: { id, last_message_time } }];
		setList({ rows: appendRows(state.list.rows, part.rows), parts, next: part.next, isLoadingMore: false });
	} catch (moreError) {
		if (!isAborted(moreError)) setList({ isLoadingMore: false, moreError });
	}
}

/** Loads the part above, of a list that was restored further down. */
export async function loadAbove() {
	const { status, rows, parts, skipped, isLoadingMore, moreError } = state.list;
	if (status !== "ready" || !skipped || isLoadingMore || moreError) return;
	setList({ isLoadingMore: true });
	try {
		const above = await fetchUntil(rows[0], parts[skipped - 1].cursor);
		const loaded = rowsBefore(above, state.list.rows);
		setList({ rows: [...loaded, ...state.list.rows], skipped: skipped - 1, isLoadingMore: false });
	} catch (moreError) {
		if (!isAborted(moreError)) setList({ isLoadingMore: false, moreError });
	}
}

/** Drops rows that are far from the one at `index`. Not while some are selected: a range may be chosen up to one of them. */
export function dropFarRows(index) {
	const { status, people, isLoadingMore } = state.list;
	if (status !== "ready" || people || isLoadingMore || state.selection.size) return;
	const near = partsAround(state.list, index);
	if (near) setList(near);
}

// More rows than before may stand between two parts.
async function fetchUntil(row, cursor) {
	const rows = [];
	for (let next = cursor, isFirst = true; next || isFirst; isFirst = false) {
		const part = await fetchRows({ limit: MAX_LIMIT, total: "none", ...(next && { cursor: next }) });
		rows.push(...part.rows);
		const isReached = !row || part.rows.length > rowsBefore(part.rows, [row]).length;
		next = isReached ? "" : part.next;
	}
	return rows;
}

/** The parts of the list up to this row, from which it can be restored. */
export const partsUntil = (row) => state.list.parts.slice(0, partOf(state.list.parts, row) + 1);

export function retryLoadMore() {
	setList({ moreError: null });
	return loadMore();
}

/** Reloads the head of the list, and the visible rows if they are further down. */
export async function refreshList(firstVisible) {
	await loading; // its request may be older than the change
	if (state.list.status === "error") return loadList();
	if (state.list.status !== "ready") return undefined;
	try {
		if (!state.list.skipped) await refreshHead();
		const from = state.list.rows[firstVisible];
		const isFurtherDown = state.list.skipped || firstVisible >= HEAD_LIMIT / 2;
		if (isFurtherDown && from?.last_message_time) await refreshFrom(from);
	} catch {
		// Aborted, or the server is away: the loaded rows remain usable.
	}
	return undefined;
}

async function refreshHead() {
	const [people, { rows: head, next }] = await Promise.all([
		fetchPeople(),
		fetchRows({ limit: HEAD_LIMIT, total: "none" }),
	]);
	refreshTotal();
	const { rows } = state.list;
	if (next && rows.length && !overlaps(rows, head)) return loadList({ count: rows.length });
	const merged = mergeIntoList(head, { isEnd: !next });
	return setList({
		people: keepIfEqual(state.list.people, people),
		rows: merged,
		next: merged.length > head.length ? state.list.next : next,
	});
}

async function refreshFrom(from) {
	const { rows, next } = await fetchRows({
		endDate: from.last_message_time,
		limit: HEAD_LIMIT,
		total: "none",
	});
	setList({ rows: mergeIntoList(rows, { from, isEnd: !next }) });
}

function mergeIntoList(part, range) {
	const { rows } = state.list;
	const rowsById = new Map(rows.map((row) => [row.id, row]));
	const reloaded = part.map((row) => keepIfEqual(rowsById.get(row.id), row));
	return mergeRows(rows, reloaded, range);
}

// -- single conversations that have changed
const unchecked = new Set();
const checkSoon = rateLimited(checkRows);

/** Moves, adds or removes the rows of these conversations. `rows`: as the stream shows them, undefined if it does not. */
export function changeRows({ conversationIds: ids, rows }) {
	const { facebookPageId } = state.filter;
	if (rows && !requests && isSameFilter(state.filter, { facebookPageId })) {
		return place(
			ids,
			rows.filter((row) => !facebookPageId || row.page_id === facebookPageId),
		);
	}
	for (const id of ids) unchecked.add(id); // the server knows which of them match the filter
	return checkSoon();
}

async function checkRows() {
	const ids = [...unchecked].slice(0, MAX_IDS);
	for (const id of ids) unchecked.delete(id);
	await loading;
	if (!ids.length || state.list.status !== "ready") return;
	const { signal } = controller;
	try {
		const [people, { rows }] = await Promise.all([
			fetchPeople(),
			fetchRows({ ids: ids.join(), limit: MAX_IDS, total: "none" }),
		]);
		if (signal.aborted) return; // the list is loaded for another filter
		if (people) setList({ people: keepIfEqual(state.list.people, people) });
		place(ids, rows);
	} catch {
		return; // aborted, or the server is away: the stream tells when it is back
	}
	if (unchecked.size) checkSoon();
}

function place(ids, rows) {
	const { status, rows: current, next, skipped } = state.list;
	if (status !== "ready") return;
	const before = new Map(current.map((row) => [row.id, row]));
	const fitting = rows.map((row) => keepIfEqual(before.get(row.id), row));
	const placed = placeRows(current, ids, fitting, { isEnd: !next, isHead: !skipped });
	const isSame = placed.length === current.length && placed.every((row, n) => row === current[n]);
	if (!isSame) setList({ rows: placed });
}

/** Loads the number of matches. Errors are ignored: the list works without it. */
export async function refreshTotal() {
	if (state.list.status !== "ready" || showTotalOfPages()) return;
	const part = await fetchRows({ limit: 1, total: "estimate" }).catch(() => null);
	if (part && state.list.status === "ready") setList({ total: part.total, isExact: part.isExact });
}

/** Without a filter the total is the sum of the Pages, which are loaded anyway; returns whether it is. */
export function showTotalOfPages() {
	const { filter, pages, list } = state;
	if (!isSameFilter(filter, { facebookPageId: filter.facebookPageId })) return false;
	const total = filteredPages().reduce((sum, page) => sum + page.conversations, 0);
	if (pages && list.status === "ready" && list.total !== total) setList({ total, isExact: true });
	return true;
}

/** Changes the rows with these IDs in the list, without a request. */
export function updateRows(ids, update) {
	const idSet = new Set(ids);
	const updated = (rows) => rows.map((row) => (idSet.has(row.id) ? { ...row, ...update(row) } : row));
	const { people, rows } = state.list;
	setList({ rows: updated(rows), people: people && { ...people, rows: updated(people.rows) } });
}
