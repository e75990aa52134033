// The rows of the list: the first ones of a filter, further ones by cursor, and those in sight anew.

import { asked, isTooShort } from "./address.mjs";
import { get, isAborted } from "./api.mjs";
import { appended, merged } from "./order.mjs";
import { setList, store } from "./state.mjs";

const FIRST = 50;
const HEAD = 100;
const PART = 500; // the further one scrolls, the larger the parts

let question = null; // of the filter that is shown; one that is not any more is given up

function ask(more) {
  return get("/api/conversations", { ...asked(store.get().filter), ...more }, { signal: question.signal });
}

/** The list of the filter from its head; `count`: so many rows, to come back to a place. */
export async function load({ count = FIRST } = {}) {
  question?.abort();
  question = new AbortController();
  if (isTooShort(store.get().filter)) return setList({ status: "short", rows: [], next: null, total: null });
  setList({ status: "loading", error: null, isMore: false });
  await attempt(async () => {
    const { conversations, pagination } = await ask({ limit: Math.min(1000, Math.max(FIRST, count)), total: "estimate" });
    const { total, totalIsExact, nextCursor, behind = 0 } = pagination;
    setList({ status: "ready", rows: conversations, next: nextCursor, total, isExact: totalIsExact, behind });
  });
}

async function attempt(read) {
  try {
    await read();
  } catch (error) {
    if (!isAborted(error)) setList({ status: "error", error, isMore: false });
  }
}

export async function loadMore() {
  const { status, rows, next, isMore, moreError } = store.get().list;
  if (status !== "ready" || !next || isMore || moreError) return;
  setList({ isMore: true });
  try {
    const limit = Math.min(PART, Math.max(HEAD, rows.length));
    const { conversations, pagination } = await ask({ cursor: next, limit, total: "none" });
    setList({ rows: appended(store.get().list.rows, conversations), next: pagination.nextCursor, isMore: false });
  } catch (error) {
    if (!isAborted(error)) setList({ isMore: false, moreError: error });
  }
}

export function tryMoreAgain() {
  setList({ moreError: null });
  return loadMore();
}

/** Reads the head anew, and what is in sight where that is further down. */
export async function refresh({ firstInSight = 0 } = {}) {
  if (store.get().list.status === "error") return load();
  if (store.get().list.status !== "ready") return undefined;
  try {
    await refreshHead();
    const from = store.get().list.rows[firstInSight];
    if (firstInSight >= HEAD / 2 && from?.last_message_time) await refreshFrom(from);
  } catch (error) {
    if (!isAborted(error)) setList({ isStale: true }); // the rows that are there still serve
  }
  return undefined;
}

async function refreshHead() {
  const { conversations, pagination } = await ask({ limit: HEAD, total: "estimate" });
  const { list } = store.get();
  const rows = merged(list.rows, conversations, { isEnd: !pagination.hasNext });
  const isAll = rows.length <= conversations.length;
  const next = isAll ? pagination.nextCursor : list.next;
  setList({ rows, next, total: pagination.total, isExact: pagination.totalIsExact, isStale: false });
}

async function refreshFrom(row) {
  const { conversations, pagination } = await ask({ endDate: row.last_message_time, limit: HEAD, total: "none" });
  setList({ rows: merged(store.get().list.rows, conversations, { from: row, isEnd: !pagination.hasNext }) });
}

/** The rows with these ids, changed at once; what they were is returned. */
export function changeRows(ids, change) {
  const { rows } = store.get().list;
  const wanted = new Set(ids);
  const before = rows.filter(({ id }) => wanted.has(id));
  setList({ rows: rows.map((row) => (wanted.has(row.id) ? { ...row, ...change(row) } : row)) });
  return before;
}
