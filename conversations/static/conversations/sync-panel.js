// Keeps the sync panels of a page current: the server draws the first state, events of the stream update it.

import { onProgress } from "./event-stream.js";
import {
  describeResult,
  describeStatus,
  done,
  formatDuration,
  isEnd,
  isPrivate,
  isWaiting,
  number,
  Rate,
} from "./formatting.js";

const COUNTERS = ["total", "inserted", "updated", "unchanged", "skipped", "eventsCreated"];
const rates = new Map(); // by run
const timers = new WeakMap(); // by panel

const part = (panel, name) => panel.querySelector(`[data-show="${name}"]`);

function setText(panel, name, text) {
  part(panel, name).textContent = text;
}

function setHidden(panel, name, isHidden) {
  const element = part(panel, name);
  if (element) element.hidden = isHidden;
}

function update(panel, state) {
  const run = Number(panel.dataset.run);
  // Ignore an event of an older run and, on the page of one run, events of any other run.
  if ("only" in panel.dataset ? state.run !== run : state.run < run) return;
  panel.dataset.run = state.run;
  panel.dataset.status = state.status;
  setText(panel, "status", describeStatus(state.status));
  setText(panel, "message", isPrivate(state) && !("errors" in panel.dataset) ? "" : state.message);
  for (const name of COUNTERS) setText(panel, name, number(state[name]));
  setText(panel, "rate", isEnd(state) ? describeResult(state) : describeRate(state));
  setHidden(panel, "skips", !(isEnd(state) && state.skipped));
  moveBar(part(panel, "bar"), state);
  countDown(panel, isWaiting(state), state.seconds);
  announce(panel, state);
  updateControls(panel, state);
}

function describeRate(state) {
  if (!rates.has(state.run)) rates.set(state.run, new Rate());
  rates.get(state.run).add(state);
  return isWaiting(state) ? "" : rates.get(state.run).text;
}

export function moveBar(bar, state) {
  bar.ariaValueText = `${number(done(state))} of ${number(state.total)}`;
  if (!state.total && !isEnd(state)) {
    bar.removeAttribute("value"); // indeterminate: the total is not known yet
  } else {
    bar.max = state.total || 1;
    bar.value = state.total ? done(state) : 1;
  }
}

function countDown(panel, isPaused, seconds) {
  clearInterval(timers.get(panel));
  const until = Date.now() + 1000 * (seconds || 0); // computed from the clock: timers of background tabs are slow
  const tick = () => {
    const left = Math.round((until - Date.now()) / 1000);
    setText(
      panel,
      "seconds",
      isPaused ? (left > 0 ? `Resumes in ${formatDuration(left)}` : "Waiting for Facebook") : "",
    );
    if (left <= 0 || !panel.isConnected) clearInterval(timers.get(panel));
  };
  setText(panel, "until", isPaused && seconds ? `at ${clockTime(until, panel.dataset.timeZone)}` : "");
  timers.set(panel, setInterval(tick, 1000));
  tick();
}

function clockTime(moment, timeZone) {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(moment);
}

// For screen readers: announces each new status and each quarter of the progress, not every number.
function announce(panel, state) {
  const quarter = state.total && !isEnd(state) ? Math.floor((4 * done(state)) / state.total) : 0;
  const text = `Sync: ${describeStatus(state.status).toLowerCase()}${quarter ? `, ${25 * quarter} %` : ""}`;
  const region = part(panel, "announcement");
  if (region.textContent !== text) region.textContent = text;
}

function updateControls(panel, state) {
  setHidden(panel, "again", !isEnd(state));
  setHidden(panel, "cancel", isEnd(state));
  setHidden(panel, "link", false);
  const [form, link] = [part(panel, "cancel"), part(panel, "link")];
  if (form) form.action = form.getAttribute("action").replace(/\d+(?=\/cancel\/$)/, state.run);
  if (link) {
    link.href = link.getAttribute("href").replace(/\d+(?=\/change\/$)/, state.run);
    link.textContent = `Run ${state.run}`;
  }
}

for (const panel of document.querySelectorAll(".inbox-sync")) {
  countDown(panel, isWaiting(panel.dataset), Number(panel.dataset.seconds)); // until the first event
  onProgress((state) => {
    // Query again: the script of a run's page may have replaced its panel.
    for (const current of document.querySelectorAll(
      `.inbox-sync[data-page="${CSS.escape(panel.dataset.page)}"]`,
    )) {
      if (state.page_id === current.dataset.page) update(current, state);
    }
  });
}
