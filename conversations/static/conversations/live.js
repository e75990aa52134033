// Keeps the sync panels of a page current: the state that the server drew, then whatever the stream tells.

import { onProgress } from "./stream.js";
import { done, isDiscreet, isEnd, isPause, number, Pace, resultInWords, span, statusInWords } from "./words.js";

const COUNTERS = ["total", "inserted", "updated", "unchanged", "skipped", "eventsCreated"];
const paces = new Map(); // by run
const clocks = new WeakMap(); // by panel

const part = (panel, name) => panel.querySelector(`[data-show="${name}"]`);

function show(panel, name, text) {
  part(panel, name).textContent = text;
}

function hide(panel, name, isHidden) {
  const found = part(panel, name);
  if (found) found.hidden = isHidden;
}

function update(panel, state) {
  const run = Number(panel.dataset.run);
  // Word of a run that another has followed, or of another than the one whose page this is.
  if ("only" in panel.dataset ? state.run !== run : state.run < run) return;
  panel.dataset.run = state.run;
  panel.dataset.status = state.status;
  show(panel, "status", statusInWords(state.status));
  show(panel, "message", isDiscreet(state) && !("errors" in panel.dataset) ? "" : state.message);
  for (const name of COUNTERS) show(panel, name, number(state[name]));
  show(panel, "pace", isEnd(state) ? resultInWords(state) : paceOf(state));
  hide(panel, "skips", !(isEnd(state) && state.skipped));
  moveBar(part(panel, "bar"), state);
  countDown(panel, isPause(state), state.seconds);
  announce(panel, state);
  offer(panel, state);
}

function paceOf(state) {
  if (!paces.has(state.run)) paces.set(state.run, new Pace());
  paces.get(state.run).add(state);
  return isPause(state) ? "" : paces.get(state.run).words;
}

export function moveBar(bar, state) {
  bar.ariaValueText = `${number(done(state))} of ${number(state.total)}`;
  if (!state.total && !isEnd(state)) {
    bar.removeAttribute("value"); // moves to and fro: nobody knows yet how many there are
  } else {
    bar.max = state.total || 1;
    bar.value = state.total ? done(state) : 1;
  }
}

function countDown(panel, waits, seconds) {
  clearInterval(clocks.get(panel));
  const until = Date.now() + 1000 * (seconds || 0); // a tab in the background ticks seldom
  const tick = () => {
    const left = Math.round((until - Date.now()) / 1000);
    show(panel, "seconds", waits ? `Waiting for Facebook${left > 0 ? `, ${span(left)}` : ""}` : "");
    if (left <= 0 || !panel.isConnected) clearInterval(clocks.get(panel));
  };
  show(panel, "until", waits && seconds ? `until ${clock(until, panel.dataset.zone)}` : "");
  clocks.set(panel, setInterval(tick, 1000));
  tick();
}

function clock(moment, timeZone) {
  return new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", timeZone }).format(moment);
}

// For screen readers: a new status and each quarter of the way, not each number.
function announce(panel, state) {
  const quarter = state.total && !isEnd(state) ? Math.floor((4 * done(state)) / state.total) : 0;
  const news = `Sync: ${statusInWords(state.status).toLowerCase()}${quarter ? `, ${25 * quarter} %` : ""}`;
  const region = part(panel, "announced");
  if (region.textContent !== news) region.textContent = news;
}

function offer(panel, state) {
  hide(panel, "again", !isEnd(state));
  hide(panel, "cancel", isEnd(state));
  hide(panel, "link", false);
  const [form, link] = [part(panel, "cancel"), part(panel, "link")];
  if (form) form.action = form.getAttribute("action").replace(/\d+(?=\/cancel\/$)/, state.run);
  if (link) {
    link.href = link.getAttribute("href").replace(/\d+(?=\/change\/$)/, state.run);
    link.textContent = `Run ${state.run}`;
  }
}

for (const panel of document.querySelectorAll(".inbox-sync")) {
  // Until there is word.
  countDown(panel, isPause(panel.dataset), Number(panel.dataset.seconds));
  onProgress((state) => {
    // Looked up anew: the page of a run may have drawn its panel again.
    for (const now of document.querySelectorAll(`.inbox-sync[data-page="${CSS.escape(panel.dataset.page)}"]`)) {
      if (state.page_id === now.dataset.page) update(now, state);
    }
  });
}
