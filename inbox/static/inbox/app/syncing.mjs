// Syncs: asked for here, watched wherever they were asked for.

import { post } from "./api.mjs";
import { stale } from "./changes.mjs";
import { sampled } from "./pace.mjs";
import { set, state } from "./state.mjs";
import { complain, say } from "./toast.mjs";

const ENDS = ["complete", "complete_with_errors", "error", "interrupted", "cancelled"];
const isEnd = ({ status }) => ENDS.includes(status);

const samples = {}; // by Page
export const samplesOf = (page) => samples[page.facebook_page_id] ?? [];
export const runOf = (page) => state.runs[page.facebook_page_id];
export const isRunning = (page) => Boolean(runOf(page) && !isEnd(runOf(page)));

/** A state of a run that the stream told. */
export function hear(run) {
  const id = run.page_id;
  const before = state.runs[id];
  if (before && run.run < before.run) return; // word of a run that another has followed
  const waitsUntil = run.seconds === undefined ? null : Date.now() + 1000 * run.seconds;
  samples[id] = sampled(samples[id] ?? [], run, Date.now());
  set({ runs: { ...state.runs, [id]: { ...run, waitsUntil } } });
  const isNews = before && ["run", "synced", "status"].some((name) => before[name] !== run[name]);
  if (isNews && (isEnd(run) || run.synced)) stale();
  if (before && !isEnd(before) && isEnd(run)) (run.status === "error" ? complain(run) : say(run.message));
}

export async function sync(page) {
  try {
    const { run, status } = await post("/api/conversations/sync", { pageId: page.id }, { Prefer: "respond-async" });
    const none = { synced: 0, skipped: 0, total: 0, eventsCreated: 0 };
    if (runOf(page)?.run !== run) hear({ ...none, run, status, message: "Waiting for its turn.", page_id: page.facebook_page_id });
  } catch (error) {
    complain(error);
  }
}

export async function cancel({ run }) {
  await post(`/api/sync-runs/${run}/cancel`).then(() => say("The sync is told to stop. What it brought stays."), complain);
}
