// The event stream of this tab, /api/events. It is closed while the tab is hidden, because a browser has only six
// connections to a host, and opened again after it was lost. <html data-connection> is open, lost or paused.

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 30000;

const progressListeners = new Set();
const openListeners = new Set();
let source = null;
let retryTimer = 0;
let retryDelay = FIRST_RETRY_MS;

// `listener` is called with each state of a run, in the fields of /api/events.
export function onProgress(listener) {
  progressListeners.add(listener);
  queueMicrotask(updateConnection);
}

// `listener` is called each time the stream is opened; the current states of all runs follow.
export function onOpen(listener) {
  openListeners.add(listener);
  queueMicrotask(updateConnection);
}

function streamUrl() {
  const pages = new Set([...document.querySelectorAll(".inbox-sync")].map((panel) => panel.dataset.page));
  const isSinglePage = pages.size === 1 && !document.querySelector("[data-stream=all]");
  return isSinglePage ? `/api/events?facebookPageId=${encodeURIComponent([...pages][0])}` : "/api/events";
}

function updateConnection() {
  if (document.hidden) close();
  else if (!source && !retryTimer) open();
}

function open() {
  retryTimer = 0;
  source = new EventSource(streamUrl());
  source.addEventListener("open", () => {
    retryDelay = FIRST_RETRY_MS;
    setConnection("open");
    for (const listener of openListeners) listener();
  });
  source.addEventListener("progress", ({ data }) => {
    const state = JSON.parse(data);
    for (const listener of progressListeners) listener(state);
  });
  source.addEventListener("error", () => {
    close();
    setConnection("lost");
    retryTimer = setTimeout(open, retryDelay * (0.75 + Math.random() / 2)); // tabs must not retry all at once
    retryDelay = Math.min(2 * retryDelay, MAX_RETRY_MS);
  });
}

function close() {
  clearTimeout(retryTimer);
  retryTimer = 0;
  source?.close();
  source = null;
  setConnection("paused");
}

function setConnection(state) {
  document.documentElement.dataset.connection = state;
}

document.addEventListener("visibilitychange", updateConnection);
addEventListener("pagehide", close);
addEventListener("pageshow", ({ persisted }) => persisted && updateConnection());
addEventListener("online", () => {
  close();
  updateConnection();
});
