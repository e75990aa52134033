// One event stream for all tabs: a browser opens six connections to a host, and each stream holds one.
//
// The visible tabs elect a leader with a lock. The leader listens to the stream and passes events on to the other
// tabs. A hidden tab gives up its role, so a visible tab takes over, and with no visible tab there is no stream.

import { checkSession } from "./session.mjs";

const NAME = "inbox-stream";
const RETRY_MS = 2000;
const MAX_RETRY_MS = 30_000;
const latestRuns = new Map(); // Page ID → the newest state of its sync run

const channel = new BroadcastChannel(NAME);
const subscribers = [];
let source = null;
let retryMs = RETRY_MS;
let resign = null; // ends this tab's leadership or candidacy; null while the tab is hidden

/**
 * Calls these functions, all optional, from now on: `onRun(state)` of a sync run, `onChange()` of data elsewhere,
 * `onCatchUp()` when events may have been missed, `onConnected(isConnected)`, and `onRefused()` by the server.
 */
export function subscribe(callbacks) {
	if (subscribers.push(callbacks) === 1) start();
}

function start() {
	channel.addEventListener("message", ({ data }) => resign && handleMessage(data));
	document.addEventListener("visibilitychange", onVisibilityChange);
	addEventListener("pagehide", leaveElection);
	addEventListener("pageshow", ({ persisted }) => persisted && onVisibilityChange());
	if (document.visibilityState !== "hidden") joinElection();
}

/** Tells the other tabs that this one has changed data. */
export const notifyTabs = () => channel.postMessage({ name: "onChange" });

function onVisibilityChange() {
	if (document.visibilityState === "hidden") return leaveElection();
	if (resign) return undefined;
	handleMessage({ name: "onCatchUp" });
	return joinElection();
}

function leaveElection() {
	resign?.();
	resign = null;
}

// Browsers offer locks in secure contexts only (HTTPS or this machine). Elsewhere each visible tab listens itself.
function joinElection() {
	channel.postMessage({ name: "hello" });
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

function handleMessage({ name, value }) {
	if (name === "hello") return source && sendState();
	if (name === "onRun") latestRuns.set(value.page_id, value);
	for (const callbacks of subscribers) callbacks[name]?.(value);
}

// -- the leader
function listenAsLeader(resigned) {
	openStream();
	return resigned.finally(stopListening);
}

function openStream() {
	source = new EventSource("/api/events");
	source.addEventListener("open", () => {
		retryMs = RETRY_MS;
		broadcast("onConnected", true);
		broadcast("onCatchUp"); // with what changed while no tab listened, also after the first load
	});
	source.addEventListener("progress", ({ data }) => broadcast("onRun", JSON.parse(data)));
	source.addEventListener("changed", () => broadcast("onChange"));
	source.addEventListener("error", () => {
		broadcast("onConnected", false);
		checkSession(); // the server ends the stream with the session
		if (source?.readyState === EventSource.CLOSED) reopen(source);
	});
}

function broadcast(name, value) {
	channel.postMessage({ name, value });
	handleMessage({ name, value });
}

// A new tab gets what the others know.
function sendState() {
	channel.postMessage({ name: "onConnected", value: source.readyState === EventSource.OPEN });
	for (const value of latestRuns.values()) channel.postMessage({ name: "onRun", value });
}

// The browser restores a lost connection, but not one that was refused. Tabs must not retry all at once.
function reopen(refused) {
	setTimeout(
		() => {
			if (source !== refused) return;
			handleMessage({ name: "onRefused" });
			openStream();
		},
		retryMs * (1 + Math.random()),
	);
	retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
}

function stopListening() {
	source?.close();
	source = null;
}
