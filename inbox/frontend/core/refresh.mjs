// Reloads what is shown after a change here or elsewhere, at limited intervals.

const DELAY_MS = 150;
// The shortest time between two reloads; it grows while one change follows the other.
const MIN_INTERVAL_MS = 800;
const MAX_INTERVAL_MS = 3000;
const GROWTH = 1.3;

const reloaders = [];
let lastReloadAt = 0;
let interval = MIN_INTERVAL_MS;
let timer = null;
let currentReload = null;
let notifyOtherTabs = () => {};

/** `reload`: called whenever what is shown may be out of date. */
export const onInvalidate = (reload) => reloaders.push(reload);

/** `notify`: tells the other tabs about a change in this one. */
export const setTabNotifier = (notify) => {
	notifyOtherTabs = notify;
};

/** Call it after a change in this tab. */
export function notifyChanged() {
	notifyOtherTabs();
	invalidate({ isUrgent: true });
}

/** Schedules a reload. Many calls cause one reload; without `isUrgent`, reloads keep the interval. */
export function invalidate({ isUrgent = false } = {}) {
	if (timer && !isUrgent) return;
	clearTimeout(timer);
	const delay = isUrgent ? DELAY_MS : Math.max(DELAY_MS, lastReloadAt + interval - Date.now());
	timer = setTimeout(reloadAll, delay);
}

// Reloads run one after the other: a slow answer must not replace a newer one.
async function reloadAll() {
	timer = null;
	const isQuiet = Date.now() - lastReloadAt > MAX_INTERVAL_MS;
	interval = isQuiet ? MIN_INTERVAL_MS : Math.min(GROWTH * interval, MAX_INTERVAL_MS);
	lastReloadAt = Date.now();
	await currentReload;
	currentReload = Promise.all(reloaders.map((reload) => reload()));
}
