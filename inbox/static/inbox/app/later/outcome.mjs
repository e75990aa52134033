// What came of a sync: its counts in words, and what was skipped and why.

import { get } from "../api.mjs";
import { set, state } from "../state.mjs";
import { duration, number, plural } from "../words.mjs";

const PARTS = 5;
const PART = 1000;
const MISSING = { owed: "To be asked for again", unreadable: "Cannot be read" };

/** The run's own account: {sentences, reasons}; into `outcomes` under the run's id. */
export async function loadOutcome(page, id) {
  const { sync_run: run } = await get(`/api/sync-runs/${id}`);
  const { unreadable, owed } = run.ledger?.threads ?? { unreadable: run.skipped, owed: run.owed };
  const outcome = { sentences: sentences(run), reasons: await reasonsOf(page, unreadable + owed) };
  set({ outcomes: { ...state.outcomes, [id]: outcome } });
}

function sentences(run) {
  const kinds = [[run.inserted, "new"], [run.updated, "changed"], [run.unchanged, "as they were"]];
  const parts = kinds.filter(([count]) => count).map(([count, words]) => `${number(count)} ${words}`);
  return [
    `${plural(run.synced, "conversation")}${parts.length ? `: ${parts.join(", ")}` : ""}. ${plural(run.eventsCreated, "new message")}. It took ${duration(run.duration)}.`,
    run.skipped > 0 && `${plural(run.skipped, "thread")} skipped: Facebook does not let us read ${run.skipped === 1 ? "it" : "them"}.`,
    run.owed > 0 && `${plural(run.owed, "thread")} will be asked for again by the next sync.`,
    run.error,
    ...(run.notes ?? []),
  ].filter(Boolean);
}

async function reasonsOf(page, missing) {
  const found = new Map();
  let [cursor, left] = ["", missing];
  for (let part = 0; part < PARTS && left > 0 && cursor !== null; part += 1) {
    const { threads, pagination } = await get(`/api/pages/${page.id}/threads`, { limit: PART, ...(cursor && { cursor }) });
    for (const thread of threads.filter(({ state: one }) => MISSING[one])) {
      const words = `${MISSING[thread.state]}: ${thread.reason || "no reason was given"}`;
      found.set(words, (found.get(words) ?? 0) + 1);
      left -= 1;
    }
    cursor = pagination.nextCursor;
  }
  return [...found].sort(([, one], [, other]) => other - one).map(([words, count]) => `${number(count)} × ${words}`);
}
