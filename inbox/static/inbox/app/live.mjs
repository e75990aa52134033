// One stream for all tabs: a browser opens six connections to a host, and each stream holds one.
//
// The tabs in sight agree by a lock on who listens; that one tells the others. A tab that is hidden lets go,
// so the stream moves to another that is in sight, and there is none where none is.

import { get } from "./api.mjs";

const NAME = "inbox-live";
const AGAIN_MS = 3000;
const LAST = new Map(); // Page → the newest state that was told

let channel = null;
let source = null;
let letGo = null; // ends this tab's lead, or its wish for it
let hear = {};

/** `onState`: of a run. `onCatchUp`: something may have been missed. `onOther`: a tab changed something. */
export function startLive({ onState, onCatchUp, onOther, onConnected }) {
  hear = { onState, onCatchUp, onOther, onConnected };
  channel = new BroadcastChannel(NAME);
  channel.addEventListener("message", ({ data }) => heard(data));
  document.addEventListener("visibilitychange", look);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", ({ persisted }) => persisted && look());
  look();
}

/** Tells the other tabs that this one changed something. */
export const tellOthers = () => channel?.postMessage({ kind: "changed" });

function look() {
  if (document.visibilityState === "hidden") return leave();
  if (letGo) return undefined;
  if (look.isSecond) hear.onCatchUp();
  look.isSecond = true;
  channel.postMessage({ kind: "hello" });
  return want();
}

function leave() {
  letGo?.();
  letGo = null;
}

// Browsers know locks where the address is safe (https or this machine). Elsewhere each tab in sight listens itself.
function want() {
  const ending = new AbortController();
  const until = new Promise((resolve) => (letGo = () => (resolve(), ending.abort())));
  const lead = () => (ending.signal.aborted ? null : (listen(), until.finally(hush)));
  if (!navigator.locks) return void lead();
  return navigator.locks.request(NAME, { signal: ending.signal }, lead).catch(() => {}); // given up while waiting
}

function heard({ kind, state }) {
  if (kind === "state") return told(state);
  if (kind === "catch up") return hear.onCatchUp();
  if (kind === "changed") return hear.onOther();
  if (kind === "hello" && source) for (const one of LAST.values()) channel.postMessage({ kind: "state", state: one });
  return undefined;
}

function told(state) {
  LAST.set(state.page_id, state);
  hear.onConnected(true);
  hear.onState(state);
}

// -- the one who listens ---------------------------------------------------------------------------------------------
function listen() {
  let wasLost = false;
  source = new EventSource("/api/events");
  source.addEventListener("open", () => {
    hear.onConnected(true);
    if (wasLost) everybody({ kind: "catch up" });
    wasLost = false;
  });
  source.addEventListener("progress", ({ data }) => everybody({ kind: "state", state: JSON.parse(data) }));
  source.addEventListener("changed", () => everybody({ kind: "changed" }));
  source.addEventListener("error", () => {
    wasLost = true;
    hear.onConnected(false);
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
    if (source !== refused) return;
    await get("/api/pages").catch(() => {}); // leads to the login where it must
    if (source === refused) (listen(), everybody({ kind: "catch up" }));
  }, AGAIN_MS);
}

function hush() {
  source?.close();
  source = null;
}
