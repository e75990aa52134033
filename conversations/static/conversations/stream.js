// The one stream of this tab: /api/events, closed while the tab is hidden (a browser has six connections for a
// host), made again when it is lost. <html data-link> tells how it is: open, lost or asleep.

const FIRST_MS = 1000;
const LONGEST_MS = 30000;

const heard = new Set();
const opened = new Set();
let source = null;
let again = 0; // the timer of the next attempt
let pause = FIRST_MS;

// `listener` gets each state of a run, in the fields of /api/events.
export function onProgress(listener) {
  heard.add(listener);
  queueMicrotask(look);
}

// `listener` is called when the stream is open, also after it was lost: the present states follow.
export function onOpen(listener) {
  opened.add(listener);
  queueMicrotask(look);
}

function address() {
  const pages = new Set([...document.querySelectorAll(".inbox-sync")].map((panel) => panel.dataset.page));
  const isOfOne = pages.size === 1 && !document.querySelector("[data-stream=all]");
  return isOfOne ? `/api/events?facebookPageId=${encodeURIComponent([...pages][0])}` : "/api/events";
}

function look() {
  if (document.hidden) close();
  else if (!source && !again) open();
}

function open() {
  again = 0;
  source = new EventSource(address());
  source.addEventListener("open", () => {
    pause = FIRST_MS;
    mark("open");
    opened.forEach((listener) => listener());
  });
  source.addEventListener("progress", ({ data }) => {
    const state = JSON.parse(data);
    heard.forEach((listener) => listener(state));
  });
  source.addEventListener("error", () => {
    close();
    mark("lost");
    again = setTimeout(open, pause * (0.75 + Math.random() / 2)); // not all tabs at once
    pause = Math.min(2 * pause, LONGEST_MS);
  });
}

function close() {
  clearTimeout(again);
  again = 0;
  source?.close();
  source = null;
  mark("asleep");
}

function mark(link) {
  document.documentElement.dataset.link = link;
}

document.addEventListener("visibilitychange", look);
addEventListener("pagehide", close);
addEventListener("pageshow", ({ persisted }) => persisted && look());
addEventListener("online", () => {
  close();
  look();
});
