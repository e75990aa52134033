// Reloads what is shown after a change here or elsewhere, at limited intervals.

const DELAY_MS = 150;
const MIN_INTERVAL_MS = 3000;

const reloaders = [];
let lastReloadAt = 0;
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

/** Schedules a reload. Many calls cause one reload; without `isUrgent`, reloads keep the minimum interval. */
export function invalidate({ isUrgent = false } = {}) {
	if (timer && !isUrgent) return;
	clearTimeout(timer);
	const delay = isUrgent ? DELAY_MS : Math.max(DELAY_MS, lastReloadAt + MIN_INTERVAL_MS - Date.now());
	timer = setTimeout(reloadAll, delay);
}

// Reloads run one after the other: a slow answer must not replace a newer one.
async function reloadAll() {
	timer = null;
	lastReloadAt = Date.now();
	await currentReload;
	currentReload = Promise.all(reloaders.map((reload) => reload()));
}
