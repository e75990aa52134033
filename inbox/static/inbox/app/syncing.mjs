// Syncs: asked for here, watched wherever they were asked for.

import { get, post } from "./api.mjs";
import { stale } from "./changes.mjs";
import { sampled } from "./pace.mjs";
import { store } from "./state.mjs";
import { complain, say } from "./toast.mjs";

const ENDS = new Set(["complete", "complete_with_errors", "error", "interrupted", "cancelled"]);
export const isEnd = ({ status }) => ENDS.has(status);

const samples = {}; // by Page
export const samplesOf = (page) => samples[page.facebook_page_id] ?? [];

/** A state that the stream told. */
export function hear(state) {
  const { runs } = store.get();
  const before = runs[state.page_id];
  if (before && state.run < before.run) return; // word of a run that another has followed
  const waitsUntil = state.seconds === undefined ? null : Date.now() + 1000 * state.seconds;
  samples[state.page_id] = sampled(samples[state.page_id] ?? [], state, Date.now());
  store.set({ runs: { ...runs, [state.page_id]: { ...state, waitsUntil } } });
  const isNews = before && (before.run !== state.run || before.synced !== state.synced || before.status !== state.status);
  if (isNews && (isEnd(state) || state.synced)) stale();
  if (before && !isEnd(before) && isEnd(state)) ended(state);
}

function ended(state) {
  if (["complete", "cancelled"].includes(state.status)) say(state.message);
  else say(state.message, { isError: state.status === "error" });
}

export async function sync(page) {
  try {
    const { run, status } = await post("/api/conversations/sync", { pageId: page.id }, { headers: { Prefer: "respond-async" } });
    const none = { synced: 0, inserted: 0, updated: 0, unchanged: 0, skipped: 0, total: 0, eventsCreated: 0 };
    const known = store.get().runs[page.facebook_page_id];
    if (known?.run !== run) hear({ ...none, run, status, message: "Waiting for its turn.", page_id: page.facebook_page_id });
  } catch (error) {
    complain(error);
  }
}

export async function cancel(run) {
  try {
    await post(`/api/sync-runs/${run}/cancel`);
    say("The sync is told to stop. What it brought stays.");
  } catch (error) {
    complain(error);
  }
}

// -- what was skipped, and why -------------------------------------------------------------------------------------
const PARTS = 5;
const PART = 1000;

/** The run's own account: {run, reasons: [[words, count]]}; into `outcomes` under the run's id. */
export async function loadOutcome(page, runId) {
  try {
    const { sync_run: run } = await get(`/api/sync-runs/${runId}`);
    const missing = run.ledger.threads ? run.ledger.threads.unreadable + run.ledger.threads.owed : run.skipped + run.owed;
    const reasons = missing ? await reasonsOf(page, missing) : [];
    store.set({ outcomes: { ...store.get().outcomes, [runId]: { run, reasons } } });
  } catch (error) {
    complain(error);
  }
}

async function reasonsOf(page, missing) {
  const found = new Map();
  let [cursor, left] = ["", missing];
  for (let part = 0; part < PARTS && left > 0 && cursor !== null; part += 1) {
    const { threads, pagination } = await get(`/api/pages/${page.id}/threads`, { limit: PART, ...(cursor && { cursor }) });
    for (const { state, reason } of threads) {
      if (state !== "unreadable" && state !== "owed") continue;
      const words = `${state === "owed" ? "To be asked for again" : "Cannot be read"}: ${reason || "no reason was given"}`;
      found.set(words, (found.get(words) ?? 0) + 1);
      left -= 1;
    }
    cursor = pagination.nextCursor;
  }
  return [...found].sort(([, one], [, other]) => other - one);
}
