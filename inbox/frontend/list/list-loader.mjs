// Loads the rows of the list: the head for a filter, further rows by cursor, and visible rows again after a change.

import { get, isAborted } from "../core/api.mjs";
import { rateLimited } from "../core/refresh.mjs";
import { keepIfEqual, NO_ROWS, setList, state } from "../core/store.mjs";
import { isSameFilter, isSearchTooShort, toParameters } from "../core/url.mjs";
import { appendRows, mergeRows, overlaps, placeRows } from "./merge.mjs";

const FIRST_LIMIT = 50;
const HEAD_LIMIT = 100;
const MORE_LIMIT = 500; // the further the user scrolls, the larger the parts
const MAX_LIMIT = 1000;
const MAX_IDS = 50; // that one request may look at

let controller = null; // of the requests for the current filter; those for an earlier one are aborted
let loading = null;
let requests = 0; // whose answers may be older than a change that arrives meanwhile

async function fetchRows(parameters) {
	const query = { ...toParameters(state.filter), ...parameters };
	requests += 1;
	try {
		const options = { signal: controller.signal };
		const { conversations, pagination } = await get("/api/conversations", query, options);
		const { total, totalIsExact: isExact, nextCursor: next } = pagination;
		return { rows: conversations, total, isExact, next };
	} finally {
		requests -= 1;
	}
}

/**
 * Loads the list of the current filter from its head. `count`: the number of rows, to restore a scroll position.
 * Resolves with false if it was aborted.
 */
export function loadList({ count = FIRST_LIMIT } = {}) {
	controller?.abort();
	controller = new AbortController();
	if (isSearchTooShort(state.filter)) return setList({ ...NO_ROWS, status: "short" });
	loading = loadFirst(Math.min(MAX_LIMIT, Math.max(FIRST_LIMIT, count)), controller);
	return loading;
}

async function loadFirst(limit, { signal }) {
	setList({ status: "loading", isLoadingMore: false, moreError: null });
	try {
		setList({ ...NO_ROWS, status: "ready", ...(await fetchRows({ limit, total: "none" })) });
		refreshTotal(); // afterwards: counting may take longer than reading the rows
	} catch (error) {
		if (!isAborted(error)) setList({ ...NO_ROWS, status: "error", error });
	}
	return !signal.aborted;
}

export async function loadMore() {
	const { status, rows, next: cursor, isLoadingMore, moreError } = state.list;
	if (status !== "ready" || !cursor || isLoadingMore || moreError) return;
	setList({ isLoadingMore: true });
	try {
		const limit = Math.min(MORE_LIMIT, Math.max(HEAD_LIMIT, rows.length));
		const part = await fetchRows({ cursor, limit, total: "none" });
		setList({ rows: appendRows(state.list.rows, part.rows), next: part.next, isLoadingMore: false });
	} catch (moreError) {
		if (!isAborted(moreError)) setList({ isLoadingMore: false, moreError });
	}
}

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
		await refreshHead();
		const from = state.list.rows[firstVisible];
		if (firstVisible >= HEAD_LIMIT / 2 && from?.last_message_time) await refreshFrom(from);
	} catch {
		// Aborted, or the server is away: the loaded rows remain usable.
	}
	return undefined;
}

async function refreshHead() {
	const { rows: head, next } = await fetchRows({ limit: HEAD_LIMIT, total: "none" });
	refreshTotal();
	const { rows } = state.list;
	if (next && rows.length && !overlaps(rows, head)) return loadList({ count: rows.length });
	const merged = mergeIntoList(head, { isEnd: !next });
	return setList({ rows: merged, next: merged.length > head.length ? state.list.next : next });
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
		const { rows } = await fetchRows({ ids: ids.join(), limit: MAX_IDS, total: "none" });
		if (!signal.aborted) place(ids, rows); // else the list is loaded for another filter
	} catch {
		return; // aborted, or the server is away: the stream tells when it is back
	}
	if (unchecked.size) checkSoon();
}

function place(ids, rows) {
	if (state.list.status !== "ready") return;
	const before = new Map(state.list.rows.map((row) => [row.id, row]));
	const fitting = rows.map((row) => keepIfEqual(before.get(row.id), row));
	const placed = placeRows(state.list.rows, ids, fitting, { isEnd: !state.list.next });
	const isSame =
		placed.length === state.list.rows.length && placed.every((row, n) => row === state.list.rows[n]);
	if (!isSame) setList({ rows: placed });
}

/** Loads the number of matches. Errors are ignored: the list works without it. */
export async function refreshTotal() {
	if (state.list.status !== "ready") return;
	const part = await fetchRows({ limit: 1, total: "estimate" }).catch(() => null);
	if (part && state.list.status === "ready") setList({ total: part.total, isExact: part.isExact });
}

/** Changes the rows with these IDs in the list, without a request. */
export function updateRows(ids, update) {
	const idSet = new Set(ids);
	setList({ rows: state.list.rows.map((row) => (idSet.has(row.id) ? { ...row, ...update(row) } : row)) });
}
