// One event stream for all tabs: a browser opens six connections to a host, and each stream holds one.
//
// The tabs elect a leader with a lock. The leader listens to the stream and passes events on to the other tabs. A
// hidden leader gives way to a visible tab. Without a visible tab it stays, for the title and notifications; hidden
// tabs do nothing else, and catch up when they are visible again.

import { checkSession } from "./session.mjs";

const NAME = "inbox-stream";
const RETRY_MS = 2000;
const MAX_RETRY_MS = 30_000;
const latestRuns = new Map(); // Page ID → the newest state of its sync run

const channel = new BroadcastChannel(NAME);
const subscribers = [];
let source = null;
let retryMs = RETRY_MS;
let resign = null; // ends this tab's leadership or candidacy; null if it is neither

/** Does nobody look at this tab? */
export const isHidden = () => document.visibilityState === "hidden";

/** Calls `onChange()` when the tab is hidden or shown, and `onLeave()` when the page ends. */
export function watchVisibility({ onChange, onLeave }) {
	document.addEventListener("visibilitychange", onChange);
	addEventListener("pagehide", onLeave);
}

/**
 * Calls these functions, all optional, from now on: `onRun(state)` of a sync run, `onChange(change)` of data elsewhere
 * (undefined: of anything), `onPresence({conversationId, people})`, `onCatchUp()` when events may have been missed,
 * `onConnected(isConnected)`, and `onRefused()` by the server. A hidden tab gets only `onHiddenChange(change)`. `change.isWatched`: the user is at a tab.
 */
export function subscribe(callbacks) {
	if (subscribers.push(callbacks) === 1) start();
}

function start() {
	channel.addEventListener("message", ({ data }) => resign && handleMessage(data));
	document.addEventListener("visibilitychange", onVisibilityChange);
	addEventListener("pagehide", leaveElection);
	addEventListener("pageshow", ({ persisted }) => persisted && onVisibilityChange());
	if (navigator.locks || !isHidden()) joinElection();
}

/** Tells the other tabs that this one has changed data. */
export const notifyTabs = () => channel.postMessage({ name: "onChange" });

function onVisibilityChange() {
	if (isHidden()) return navigator.locks ? stepBack() : leaveElection();
	handleMessage({ name: "onCatchUp" });
	if (!resign) return joinElection();
	return source ? handleState() : greet();
}

// Visible tabs come first: a hidden candidate goes behind them, and a hidden leader stays only if there is none.
function stepBack() {
	if (source) askForLeader();
	else joinAgain();
}

// A visible tab answers with a greeting, and becomes the leader.
const askForLeader = () => channel.postMessage({ name: "hidden" });
const greet = () => channel.postMessage({ name: "hello", isVisible: !isHidden() });

function joinAgain() {
	leaveElection();
	joinElection();
}

function leaveElection() {
	resign?.();
	resign = null;
}

// Browsers offer locks in secure contexts only (HTTPS or this machine). Elsewhere each visible tab listens itself.
function joinElection() {
	const ending = new AbortController();
	/** @type {Promise<void>} */
	const resigned = new Promise((resolve) => {
		resign = () => {
			resolve();
			ending.abort();
		};
	});
	const lead = () => (ending.signal.aborted ? null : listenAsLeader(resigned));
	if (navigator.locks)
		navigator.locks.request(NAME, { signal: ending.signal }, lead).catch(() => {}); // it resigned
	else lead();
	greet(); // after the request: a hidden leader that gives way joins behind it
}

/** @param {{name: string, value?: any, isVisible?: boolean}} message */
function handleMessage({ name, value, isVisible }) {
	if (name === "hello") return source && onGreeting(isVisible);
	if (name === "hidden") return isHidden() || greet();
	if (name === "onRun") latestRuns.set(value.page_id, value);
	const handler = isHidden() ? name.replace(/^on/, "onHidden") : name;
	for (const callbacks of subscribers) callbacks[handler]?.(value);
}

function onGreeting(isVisible) {
	sendState();
	if (isVisible && isHidden()) joinAgain();
}

// -- the leader
function listenAsLeader(resigned) {
	openStream();
	if (isHidden()) askForLeader();
	return resigned.finally(stopListening);
}

function openStream() {
	source = new EventSource("/api/events");
	source.addEventListener("open", () => {
		retryMs = RETRY_MS;
		broadcast("onCatchUp"); // with what changed while no tab listened
		broadcast("onConnected", true);
	});
	source.addEventListener("progress", ({ data }) => broadcast("onRun", JSON.parse(data)));
	source.addEventListener("presence", ({ data }) => broadcast("onPresence", JSON.parse(data)));
	source.addEventListener("changed", ({ data }) =>
		broadcast("onChange", { ...JSON.parse(data), isWatched: document.hasFocus() }),
	);
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
	for (const message of knownState()) channel.postMessage(message);
}

// What the leader itself could not show while it was hidden.
function handleState() {
	for (const message of knownState()) handleMessage(message);
}

function knownState() {
	const isConnected = source.readyState === EventSource.OPEN;
	const runs = [...latestRuns.values()].map((value) => ({ name: "onRun", value }));
	return [{ name: "onConnected", value: isConnected }, ...runs];
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
