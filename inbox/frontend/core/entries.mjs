// The entries of the browser's history: an address each, and one for each layer (a dialog, the sidebar), so that Back
// closes what is open before it leaves.

/** @typedef {() => void} Close */

/** @type {Close[]} of the open layers, the topmost last */
const layers = [];
/** @type {(() => void)[]} what waits until the browser has gone back */
const waiting = [];
let isReturning = false;
let isListening = false;
let onArrive = () => {};
let onReturned = () => {};

const depth = () => history.state?.layer ?? 0;
/** Does the entry belong to a layer that is closed? */
const isLeft = () => depth() > layers.length;

/** @param {() => void} run */
function afterReturn(run) {
	if (isReturning) waiting.push(run);
	else run();
}

/**
 * `arrive()`: the user has gone to another entry. `returned()`: the page has gone back itself.
 * @param {{arrive: () => void, returned: () => void}} callbacks
 */
export function startEntries({ arrive, returned }) {
	[onArrive, onReturned] = [arrive, returned];
	if (depth()) history.replaceState({ ...history.state, layer: 0 }, ""); // it was open before the reload
	listen();
}

function listen() {
	if (!isListening) addEventListener("popstate", onPopState);
	isListening = true;
}

function onPopState() {
	if (!isReturning) {
		while (layers.length > depth()) layers.pop()?.();
		return onArrive();
	}
	isReturning = false;
	onReturned();
	for (const run of waiting.splice(0)) run();
}

/** Goes back by this number of entries. @param {number} [steps] */
function goBack(steps = 1) {
	isReturning = true;
	history.go(-steps);
}

/**
 * Adds an entry for a layer, which Back closes with `close`. Returns a function to be called when it was closed otherwise.
 * @param {Close} close
 */
export function openLayer(close) {
	listen();
	layers.push(close);
	const level = layers.length;
	// The entry that a closed layer has left is used again.
	afterReturn(() => depth() < level && history.pushState({ layer: level }, ""));
	return () => {
		const index = layers.indexOf(close);
		if (index < 0) return;
		layers.splice(index);
		setTimeout(leaveEntry); // what follows from the layer may use its entry
	};
}

function leaveEntry() {
	if (isLeft() && !isReturning) goBack(depth() - layers.length);
}

/** Closes all layers: the page goes elsewhere. */
export function closeLayers() {
	while (layers.length) layers.pop()?.();
}

/**
 * Shows another address. `isOpening`: it opens something over the list, and closing that goes back.
 * @param {string} address @param {{replace?: boolean, isOpening?: boolean}} options
 */
export function writeAddress(address, { replace = false, isOpening = false }) {
	afterReturn(() => {
		if (replace) history.replaceState({ ...history.state }, "", address);
		else if (isLeft()) history.replaceState({ isOpening }, "", address);
		else history.pushState({ isOpening }, "", address);
	});
}

/** Goes back to the list if what is open was opened from it; returns whether it was. */
export function returnToList() {
	if (isReturning || layers.length || !history.state?.isOpening) return false;
	goBack();
	return true;
}

/**
 * Calls this before the page is left or reloaded. What is written to the entry during `pagehide` is lost when Chromium reloads;
 * Safari on a phone has only that event. @param {() => void} run
 */
export function beforeLeaving(run) {
	addEventListener("beforeunload", run);
	addEventListener("pagehide", run);
}

/** Remembers this of the entry. @param {Record<string, unknown>} change */
export const remember = (change) =>
	afterReturn(() => history.replaceState({ ...history.state, ...change }, ""));
