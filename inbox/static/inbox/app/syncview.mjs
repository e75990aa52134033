// A Page's sync: the button, the bar, how fast it is, what it waits for, and what came of it.

import { button, h } from "./dom.mjs";
import { rate, secondsLeft } from "./pace.mjs";
import { may, set, state } from "./state.mjs";
import { cancel, isRunning, runOf, samplesOf, sync } from "./syncing.mjs";
import { duration, number, shortTime } from "./words.mjs";

const WORDS = {
  queued: "Waiting for its turn", starting: "Beginning", fetching: "Asking Facebook", syncing: "Syncing",
  waiting: "Waiting for Facebook", retrying: "Trying again", complete: "Complete", complete_with_errors: "Done but for some",
  error: "Failed", interrupted: "Interrupted", cancelled: "Cancelled",
};

let tell = null;

export function syncOf(page) {
  const run = runOf(page);
  const isManager = may("manager", page);
  return h(
    "div.sync",
    { role: "group", "aria-label": `Sync of ${page.name}`, "data-status": run?.status },
    page.state === "reconnect" && h("p.fault", `Must be connected again. ${page.reason}`),
    isRunning(page) ? running(page, run, isManager) : resting(page, run, isManager),
  );
}

// -- while it runs
function running(page, run, isManager) {
  const done = run.synced + run.skipped;
  const isKnown = run.total > done; // a first run only knows what was listed so far
  return [
    h("progress", { "aria-label": `Sync of ${page.name}`, max: run.total || 1, value: isKnown ? done : null }),
    h("p", h("strong", WORDS[run.status]), done > 0 && ` · ${number(done)} ${isKnown ? `of ${number(run.total)}` : "so far"}`),
    h("p.quiet", pace(page, run)),
    isManager && run.message && run.waitsUntil && h("p.quiet", run.message),
    isManager && button("Stop", () => cancel(run), "link"),
  ];
}

function pace(page, run) {
  if (run.waitsUntil) return `Goes on in ${duration((run.waitsUntil - Date.now()) / 1000)}`;
  const samples = samplesOf(page);
  const [speed, left] = [rate(samples), secondsLeft(samples, run)];
  const words = [speed && `${number(Math.round(speed))} a second`, left && `about ${duration(left)} left`, run.eventsCreated && `${number(run.eventsCreated)} new messages`];
  return words.filter(Boolean).join(" · ") || "You may close this page: it goes on.";
}

// -- before and after
function resting(page, run, isManager) {
  const isBad = run && run.status !== "complete";
  const last = page.lastSync ? `Synced ${shortTime(page.lastSync)}` : "Never synced";
  return [
    h(isBad ? "p.fault" : "p.quiet", isBad ? `${WORDS[run.status]}. ${run.message}` : last),
    h("p.sync-acts", isManager && button("Sync now", () => sync(page), "button.small.plain"), run && account(page, run)),
  ];
}

function account(page, run) {
  const outcome = state.outcomes[run.run];
  if (!outcome) return button("What came of it", () => tell(page, run.run), "link");
  return h("div.outcome", { role: "status" }, outcome.sentences.map((words) => h("p", words)), h("ul", outcome.reasons.map((words) => h("li", words))));
}

/** `tell`: reads what came of a Page's run into `outcomes`. */
export function startSync(parts) {
  tell = parts.tell;
  // A clock is drawn once a second.
  setInterval(() => {
    if (state.pages?.some((page) => isRunning(page) && runOf(page).waitsUntil)) set({ runs: { ...state.runs } });
  }, 1000);
}
