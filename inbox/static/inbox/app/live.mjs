// One stream for all tabs: a browser opens six connections to a host, and each stream holds one.
//
// The tabs in sight agree by a lock on who listens; that one tells the others. A tab that is hidden lets go,
// so the stream moves to another that is in sight, and there is none where none is.

import { get } from "./api.mjs";

const NAME = "inbox-live";
const AGAIN_MS = 3000;
const LAST = new Map(); // Page → the newest state that was told

const channel = new BroadcastChannel(NAME);
let source = null;
let letGo = null; // ends this tab's lead, or its wish for it; null while it is hidden
let hear = {};

/** `onState`: of a run. `onCatchUp`: something may have been missed. `onOther`: something changed elsewhere. */
export function startLive(listeners) {
  hear = listeners;
  channel.addEventListener("message", ({ data }) => letGo && heard(data));
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", ({ persisted }) => persisted && look());
  if (document.visibilityState !== "hidden") want();
}

/** Tells the other tabs that this one changed something. */
export const tellOthers = () => channel.postMessage({ kind: "changed" });

function look() {
  if (document.visibilityState === "hidden") return leave();
  if (letGo) return undefined;
  hear.onCatchUp();
  return want();
}

function leave() {
  letGo?.();
  letGo = null;
}

// Browsers know locks where the address is safe (https or this machine). Elsewhere each tab in sight listens itself.
function want() {
  channel.postMessage({ kind: "hello" });
  const ending = new AbortController();
  const until = new Promise((resolve) => (letGo = () => (resolve(), ending.abort())));
  const lead = () => (ending.signal.aborted ? null : (listen(), until.finally(hush)));
  if (!navigator.locks) return void lead();
  return navigator.locks.request(NAME, { signal: ending.signal }, lead).catch(() => {}); // given up while waiting
}

function heard({ kind, run, isConnected }) {
  if (kind === "run") {
    LAST.set(run.page_id, run);
    hear.onState(run);
  }
  if (kind === "connected") hear.onConnected(isConnected);
  if (kind === "catch up") hear.onCatchUp();
  if (kind === "changed") hear.onOther();
  if (kind === "hello" && source) for (const last of LAST.values()) channel.postMessage({ kind: "run", run: last });
}

// -- the one who listens
function listen() {
  source = new EventSource("/api/events");
  source.addEventListener("open", () => {
    everybody({ kind: "connected", isConnected: true });
    everybody({ kind: "catch up" }); // on what changed while nobody listened: also after the first reading
  });
  source.addEventListener("progress", ({ data }) => everybody({ kind: "run", run: JSON.parse(data) }));
  source.addEventListener("changed", () => everybody({ kind: "changed" }));
  source.addEventListener("error", () => {
    everybody({ kind: "connected", isConnected: false });
    if (source?.readyState === EventSource.CLOSED) again(source);
  });
}

function everybody(message) {
  channel.postMessage(message);
  heard(message);
}

// A connection that was lost comes back by itself, one that was refused does not: perhaps the session ended.
function again(refused) {
  setTimeout(async () => {
    if (source === refused) await get("/api/pages").catch(() => {}); // leads to the login where it must
    if (source === refused) listen();
  }, AGAIN_MS);
}

function hush() {
  source?.close();
  source = null;
}
