// Keeps the sync panels of a page current: the state that the server drew, then whatever /api/events tells.

const ENDS = new Set(["complete", "complete_with_errors", "error", "interrupted", "cancelled"]);
const PAUSES = new Set(["waiting", "retrying"]);
const DISCREET = new Set(["error", "interrupted", "cancelled", ...PAUSES]);
const AGAIN_MS = 5000;

const panels = new Map([...document.querySelectorAll(".inbox-sync")].map((panel) => [panel.dataset.page, panel]));

function show(panel, name, text) {
  panel.querySelector(`[data-show="${name}"]`).textContent = text;
}

function update(panel, state) {
  if (state.run < Number(panel.dataset.run)) return; // word of a run that another has followed
  panel.dataset.run = state.run;
  panel.dataset.status = state.status;
  show(panel, "status", state.status.replaceAll("_", " "));
  // Why a run failed or pauses is for managers.
  show(panel, "message", DISCREET.has(state.status) && !("errors" in panel.dataset) ? "" : state.message);
  for (const name of ["total", "inserted", "updated", "unchanged", "skipped", "eventsCreated"]) {
    show(panel, name, state[name].toLocaleString("en"));
  }
  moveBar(panel.querySelector("progress"), state);
  countDown(panel, PAUSES.has(state.status), state.seconds);
}

function moveBar(bar, state) {
  const done = state.synced + state.skipped;
  if (!state.total && !ENDS.has(state.status)) {
    bar.removeAttribute("value"); // moves to and fro: nobody knows yet how many there are
  } else {
    bar.max = state.total || 1;
    bar.value = state.total ? done : 1;
  }
}

function countDown(panel, waits, seconds) {
  clearInterval(panel.clock);
  const until = Date.now() + 1000 * (seconds || 0); // a tab in the background ticks seldom
  const tick = () => {
    const left = Math.round((until - Date.now()) / 1000);
    show(panel, "seconds", waits ? `Waiting for Facebook${left > 0 ? `, ${left} s` : ""}` : "");
    if (left <= 0) clearInterval(panel.clock);
  };
  panel.clock = setInterval(tick, 1000);
  tick();
}

function listen() {
  const one = panels.size === 1 ? `?facebookPageId=${encodeURIComponent([...panels.keys()][0])}` : "";
  const source = new EventSource(`/api/events${one}`);
  source.addEventListener("progress", ({ data }) => {
    const state = JSON.parse(data);
    const panel = panels.get(state.page_id);
    if (panel) update(panel, state);
  });
  source.addEventListener("error", () => {
    // A connection that was lost comes back by itself, one that was refused does not.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, AGAIN_MS);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
  addEventListener("pageshow", ({ persisted }) => persisted && listen(), { once: true });
}

for (const panel of panels.values()) {
  countDown(panel, PAUSES.has(panel.dataset.status), Number(panel.dataset.seconds)); // until there is word
}
if (panels.size) listen();
