// The rows of the list: the first ones of a filter, further ones by cursor, and those in sight anew.

import { asked, isTooShort } from "./address.mjs";
import { get, isAborted } from "./api.mjs";
import { appended, meets, merged } from "./order.mjs";
import { kept, NO_ROWS, setList, state } from "./state.mjs";

const FIRST = 50;
const HEAD = 100;
const PART = 500; // the further one scrolls, the larger the parts
const MOST = 1000;

let question = null; // of the filter that is shown; one that is not any more is given up
let loading = null;

async function ask(more) {
  const { conversations, pagination } = await get("/api/conversations", { ...asked(state.filter), ...more }, { signal: question.signal });
  const { total, totalIsExact: isExact, nextCursor: next } = pagination;
  return { rows: conversations, total, isExact, next };
}

/** The list of the filter from its head; `count`: so many rows, to come back to a place. Was it not given up? */
export function load({ count = FIRST } = {}) {
  question?.abort();
  question = new AbortController();
  if (isTooShort(state.filter)) return setList({ ...NO_ROWS, status: "short" });
  loading = first(Math.min(MOST, Math.max(FIRST, count)), question);
  return loading;
}

async function first(limit, { signal }) {
  setList({ status: "loading", isMore: false, moreError: null });
  try {
    setList({ ...NO_ROWS, status: "ready", ...(await ask({ limit, total: "estimate" })) });
  } catch (error) {
    if (!isAborted(error)) setList({ ...NO_ROWS, status: "error", error });
  }
  return !signal.aborted;
}

export async function loadMore() {
  const { status, rows, next: cursor, isMore, moreError } = state.list;
  if (status !== "ready" || !cursor || isMore || moreError) return;
  setList({ isMore: true });
  try {
    const part = await ask({ cursor, limit: Math.min(PART, Math.max(HEAD, rows.length)), total: "none" });
    setList({ rows: appended(state.list.rows, part.rows), next: part.next, isMore: false });
  } catch (moreError) {
    if (!isAborted(moreError)) setList({ isMore: false, moreError });
  }
}

export function tryMoreAgain() {
  setList({ moreError: null });
  return loadMore();
}

/** Reads the head anew, and what is in sight where that is further down. */
export async function refresh(firstInSight) {
  await loading; // which may have been asked before the change
  if (state.list.status === "error") return load();
  if (state.list.status !== "ready") return undefined;
  try {
    await refreshHead();
    const from = state.list.rows[firstInSight];
    if (firstInSight >= HEAD / 2 && from?.last_message_time) await refreshFrom(from);
  } catch {
    // Given up, or the server is away: the rows that are there still serve.
  }
  return undefined;
}

async function refreshHead() {
  const { rows: head, next, ...numbers } = await ask({ limit: HEAD, total: "estimate" });
  const { rows } = state.list;
  if (next && rows.length && !meets(rows, head)) return load({ count: rows.length });
  const all = renewed(head, { isEnd: !next });
  return setList({ ...numbers, rows: all, next: all.length > head.length ? state.list.next : next });
}

async function refreshFrom(from) {
  const { rows, next } = await ask({ endDate: from.last_message_time, limit: HEAD, total: "none" });
  setList({ rows: renewed(rows, { from, isEnd: !next }) });
}

function renewed(part, where) {
  const { rows } = state.list;
  const known = new Map(rows.map((row) => [row.id, row]));
  return merged(rows, part.map((row) => kept(known.get(row.id), row)), where);
}

/** The rows with these ids, changed at once. */
export function changeRows(ids, change) {
  const wanted = new Set(ids);
  setList({ rows: state.list.rows.map((row) => (wanted.has(row.id) ? { ...row, ...change(row) } : row)) });
}
