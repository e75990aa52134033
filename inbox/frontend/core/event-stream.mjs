// One event stream for all tabs: a browser opens six connections to a host, and each stream holds one.
//
// The visible tabs elect a leader with a lock. The leader listens to the stream and passes events on to the other
// tabs. A hidden tab gives up its role, so a visible tab takes over, and with no visible tab there is no stream.

import { get } from "./api.mjs";

const NAME = "inbox-events";
const RETRY_MS = 3000;
const latestRuns = new Map(); // Page ID → the newest state of its sync run

const channel = new BroadcastChannel(NAME);
let source = null;
let resign = null; // ends this tab's leadership or candidacy; null while the tab is hidden
let listeners = {};

/** `onRun`: the state of a sync run. `onCatchUp`: events may have been missed. `onChange`: data has changed elsewhere. */
export function startEventStream(callbacks) {
  listeners = callbacks;
  channel.addEventListener("message", ({ data }) => resign && handleMessage(data));
  document.addEventListener("visibilitychange", onVisibilityChange);
  addEventListener("pagehide", leaveElection);
  addEventListener("pageshow", ({ persisted }) => persisted && onVisibilityChange());
  if (document.visibilityState !== "hidden") joinElection();
}

/** Tells the other tabs that this one has changed data. */
export const notifyTabs = () => channel.postMessage({ kind: "changed" });

function onVisibilityChange() {
  if (document.visibilityState === "hidden") return leaveElection();
  if (resign) return undefined;
  listeners.onCatchUp();
  return joinElection();
}

function leaveElection() {
  resign?.();
  resign = null;
}

// Browsers offer locks in secure contexts only (HTTPS or this machine). Elsewhere each visible tab listens itself.
function joinElection() {
  channel.postMessage({ kind: "hello" });
  const ending = new AbortController();
  const resigned = new Promise((resolve) => {
    resign = () => {
      resolve();
      ending.abort();
    };
  });
  const lead = () => (ending.signal.aborted ? null : listenAsLeader(resigned));
  if (!navigator.locks) return void lead();
  return navigator.locks.request(NAME, { signal: ending.signal }, lead).catch(() => {}); // resigned while waiting
}

function handleMessage({ kind, run, isConnected }) {
  if (kind === "run") {
    latestRuns.set(run.page_id, run);
    listeners.onRun(run);
  }
  if (kind === "connected") listeners.onConnected(isConnected);
  if (kind === "catch up") listeners.onCatchUp();
  if (kind === "changed") listeners.onChange();
  if (kind === "hello" && source) {
    for (const latest of latestRuns.values()) channel.postMessage({ kind: "run", run: latest });
  }
}

// -- the leader
function listenAsLeader(resigned) {
  openStream();
  return resigned.finally(stopListening);
}

function openStream() {
  source = new EventSource("/api/events");
  source.addEventListener("open", () => {
    broadcast({ kind: "connected", isConnected: true });
    broadcast({ kind: "catch up" }); // with what changed while no tab listened, also after the first load
  });
  source.addEventListener("progress", ({ data }) => broadcast({ kind: "run", run: JSON.parse(data) }));
  source.addEventListener("changed", () => broadcast({ kind: "changed" }));
  source.addEventListener("error", () => {
    broadcast({ kind: "connected", isConnected: false });
    if (source?.readyState === EventSource.CLOSED) reopen(source);
  });
}

function broadcast(message) {
  channel.postMessage(message);
  handleMessage(message);
}

// The browser restores a lost connection, but not one that was refused: the session may have ended.
function reopen(refused) {
  setTimeout(async () => {
    if (source === refused) await get("/api/pages").catch(() => {}); // redirects to the login if needed
    if (source === refused) openStream();
  }, RETRY_MS);
}

function stopListening() {
  source?.close();
  source = null;
}
