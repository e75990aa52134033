// Shows again what has changed here or elsewhere, at limited intervals.

const DELAY_MS = 150;
// The shortest time between two reloads; it grows while one change follows the other.
const MIN_INTERVAL_MS = 800;
const MAX_INTERVAL_MS = 3000;
const GROWTH = 1.3;

const reloaders = [];
const changeHandlers = [];
let notifyOtherTabs = () => {};

/**
 * Returns a function that schedules `run`. Many calls cause one run. Runs keep an interval, unless `isUrgent`, and follow
 * one another: a slow answer must not replace a newer one.
 */
export function rateLimited(run, { minimum = MIN_INTERVAL_MS, maximum = MAX_INTERVAL_MS } = {}) {
	let [lastAt, interval, current] = [0, minimum, null];
	/** @type {ReturnType<typeof setTimeout> | undefined} */
	let timer;
	const runNow = async () => {
		timer = undefined;
		const isQuiet = Date.now() - lastAt > maximum;
		interval = isQuiet ? minimum : Math.min(GROWTH * interval, maximum);
		lastAt = Date.now();
		await Promise.allSettled([current]);
		current = run();
	};
	return ({ isUrgent = false } = {}) => {
		if (timer && !isUrgent) return;
		clearTimeout(timer);
		timer = setTimeout(runNow, isUrgent ? DELAY_MS : Math.max(DELAY_MS, lastAt + interval - Date.now()));
	};
}

/** `reload`: called whenever anything that is shown may be out of date. */
export const onInvalidate = (reload) => reloaders.push(reload);

/** `handle({conversationIds, rows})`: called when only these conversations have changed; `rows` are few, or undefined. */
export const onConversationsChanged = (handle) => changeHandlers.push(handle);

/** `notify`: tells the other tabs about a change in this one. */
export const setTabNotifier = (notify) => {
	notifyOtherTabs = notify;
};

/** Call it after a change in this tab. */
export function notifyChanged() {
	notifyOtherTabs();
	invalidate({ isUrgent: true });
}

/** Schedules a reload of everything. */
export const invalidate = rateLimited(() => Promise.all(reloaders.map((reload) => reload())));

/** Handles a change that the event stream tells; undefined: of anything. */
export function handleChange(change) {
	if (!change?.conversationIds) return invalidate();
	if (change.conversationIds.length) for (const handle of changeHandlers) handle(change);
	return undefined;
}
