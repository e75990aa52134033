// The conversation that is open: itself, and its events from the newest backwards.

import { get, isAborted, post } from "../api.mjs";
import { changeRows } from "../listing.mjs";
import { kept, set, setTalk, state } from "../state.mjs";
import { complain, say } from "../toast.mjs";

const PART = 50;
const SEARCHED = 200; // events a part, on the way back to a message that was found
const SEARCHED_PARTS = 25;

let question = null;
let opening = null;

const NOTHING = { conversation: null, events: [], next: null };

const path = (id, more = "") => `/api/conversations/${id}${more}`;

export function openTalk(id) {
  question?.abort();
  question = new AbortController();
  opening = id ? first(id) : set({ talk: null });
}

async function first(id) {
  const known = state.list.rows.find((row) => row.id === id) ?? null;
  set({ talk: { id, ...NOTHING, conversation: known, status: "loading", error: null, found: known?.matches?.event } });
  try {
    const [conversation, part] = await both(id);
    setTalk({ conversation, status: "ready", events: part.events, next: part.pagination.nextCursor });
  } catch (error) {
    if (!isAborted(error)) setTalk({ status: "error", error });
  }
}

async function both(id) {
  const { signal } = question;
  const [one, part] = await Promise.all([get(path(id), {}, { signal }), get(path(id, "/events"), { limit: PART }, { signal })]);
  return [one.conversation, part];
}

export async function loadOlder(limit = PART) {
  const { id, next, isMore, status, events: before } = state.talk ?? {};
  if (status !== "ready" || !next || isMore) return;
  setTalk({ isMore: true });
  try {
    const { events, pagination } = await get(path(id, "/events"), { limit, cursor: next }, { signal: question.signal });
    const isFitting = state.talk.events.some((event) => event.id === before.at(-1).id); // it may have begun anew
    setTalk({ isMore: false, ...(isFitting && { events: [...state.talk.events, ...events], next: pagination.nextCursor }) });
  } catch (error) {
    if (isAborted(error)) return;
    setTalk({ isMore: false });
    complain(error);
  }
}

/** Goes back until the message is there that the search has found; is it? */
export async function reach(eventId) {
  const isThere = () => state.talk?.events.some(({ id }) => id === eventId);
  for (let part = 0; part < SEARCHED_PARTS && !isThere() && state.talk?.next; part += 1) await loadOlder(SEARCHED);
  return Boolean(isThere());
}

/** What is new of it; what was read further back stays. */
export async function refreshTalk() {
  await opening; // which may have been asked before the change
  const { id, status } = state.talk ?? {};
  if (!id) return;
  if (status === "error") return openTalk(id);
  try {
    const [conversation, part] = await both(id);
    const { talk } = state;
    if (talk?.id !== id) return;
    const { events, next } = joined(talk, part);
    setTalk({ conversation: kept(talk.conversation, conversation), events: kept(talk.events, events), next });
    const { matches: _, ...row } = conversation;
    changeRows([id], () => row);
  } catch (error) {
    if (error.status === 404) setTalk({ ...NOTHING, status: "error", error }); // gone, or not theirs any more
  }
}

// Where more came in than one part holds, there would be a gap: then it begins anew.
function joined(talk, { events, pagination }) {
  const fresh = new Set(events.map(({ id }) => id));
  const meets = talk.events.some(({ id }) => fresh.has(id));
  if (!meets) return { events, next: pagination.nextCursor };
  const last = events.at(-1);
  const older = talk.events.filter((event) => !fresh.has(event.id) && isOlder(event, last));
  return { events: [...events, ...older], next: older.length ? talk.next : pagination.nextCursor };
}

function isOlder(one, other) {
  const [a, b] = [Date.parse(one.occurred_at), Date.parse(other.occurred_at)];
  return a === b ? one.id < other.id : a < b;
}

/** Asks Facebook for it now. */
export async function askFacebook(id) {
  setTalk({ isAsking: true });
  try {
    await post(path(id, "/refresh"));
    await refreshTalk();
    say("This conversation is as Facebook shows it.");
  } catch (error) {
    complain(error);
  }
  if (state.talk?.id === id) setTalk({ isAsking: false });
}
