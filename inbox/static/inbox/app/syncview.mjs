// A Page's sync: the button, the bar, how fast it is, what it waits for, and what came of it.

import { button, h } from "./dom.mjs";
import { rate, secondsLeft } from "./pace.mjs";
import { may, store } from "./state.mjs";
import { cancel, isEnd, loadOutcome, samplesOf, sync } from "./syncing.mjs";
import { duration, number, plural, shortTime } from "./words.mjs";

const WORDS = {
  queued: "Waiting for its turn", starting: "Beginning", fetching: "Asking Facebook", syncing: "Syncing",
  waiting: "Waiting for Facebook", retrying: "Trying again", complete: "Complete", complete_with_errors: "Done but for some",
  error: "Failed", interrupted: "Interrupted", cancelled: "Cancelled",
};

export function syncOf(page) {
  const run = store.get().runs[page.facebook_page_id];
  const isManager = may("manager", page.facebook_page_id);
  const isRunning = run && !isEnd(run);
  return h(
    "div",
    { class: "sync", role: "group", "aria-label": `Sync of ${page.name}`, data: { status: run?.status ?? "" } },
    page.state === "reconnect" && h("p", { class: "fault" }, `Must be connected again. ${page.reason}`),
    isRunning ? running(page, run, isManager) : resting(page, run, isManager),
  );
}

// -- while it runs ---------------------------------------------------------------------------------------------------
function running(page, run, isManager) {
  const done = run.synced + run.skipped;
  const isKnown = run.total > done; // a first run only knows what was listed so far
  return [
    h("progress", { "aria-label": `Sync of ${page.name}`, max: run.total || 1, value: isKnown ? done : null }),
    h("p", {}, h("strong", {}, WORDS[run.status]), done > 0 && ` · ${number(done)} ${isKnown ? `of ${number(run.total)}` : "so far"}`),
    h("p", { class: "quiet" }, pace(page, run)),
    isManager && run.message && run.waitsUntil && h("p", { class: "quiet" }, run.message),
    isManager && button("Stop", () => cancel(run.run), { class: "link" }),
  ];
}

function pace(page, run) {
  if (run.waitsUntil) return `Goes on in ${duration((run.waitsUntil - Date.now()) / 1000)}`;
  const samples = samplesOf(page);
  const [speed, left] = [rate(samples), secondsLeft(samples, run)];
  const words = [speed && `${number(Math.round(speed))} a second`, left && `about ${duration(left)} left`, run.eventsCreated && `${number(run.eventsCreated)} new messages`];
  return words.filter(Boolean).join(" · ") || "You may close this page: it goes on.";
}

// -- before and after ------------------------------------------------------------------------------------------------
function resting(page, run, isManager) {
  const isBad = run && run.status !== "complete";
  const last = page.lastSync ? `Synced ${shortTime(page.lastSync)}` : "Never synced";
  return [
    h("p", { class: isBad ? "fault" : "quiet" }, isBad ? `${WORDS[run.status]}. ${run.message}` : last),
    h("p", { class: "sync-acts" }, isManager && button("Sync now", () => sync(page), { class: "button small plain" }), run && account(page, run)),
  ];
}

function account(page, run) {
  const outcome = store.get().outcomes[run.run];
  if (!outcome) return button("What came of it", () => loadOutcome(page, run.run), { class: "link" });
  return h("div", { class: "outcome", role: "status" }, sentences(outcome.run).map((words) => h("p", {}, words)), reasons(outcome.reasons));
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

function reasons(list) {
  return list.length > 0 && h("ul", {}, list.map(([words, count]) => h("li", {}, `${number(count)} × ${words}`)));
}

/** Redraws once a second while a clock is shown. */
export function startSync() {
  setInterval(() => {
    const { runs } = store.get();
    if (Object.values(runs).some((run) => !isEnd(run) && run.waitsUntil)) store.set({ runs: { ...runs } });
  }, 1000);
}
