// The state of a sync run: whether it has ended or waits, its rate and the time that is left.

import { formatDuration, plural } from "./format.mjs";
import { gettext } from "./texts.mjs";

/** The labels of SyncRun.Status, which tests/test_counters_once.py compares. */
export const STATUS_LABELS = {
	queued: gettext("Queued"),
	starting: gettext("Starting"),
	fetching: gettext("Fetching"),
	syncing: gettext("Syncing"),
	waiting: gettext("Waiting"),
	retrying: gettext("Retrying"),
	complete: gettext("Complete"),
	complete_with_errors: gettext("Completed with errors"),
	error: gettext("Failed"),
	interrupted: gettext("Interrupted"),
	cancelled: gettext("Cancelled"),
};

const TERMINAL_STATUSES = ["complete", "complete_with_errors", "error", "interrupted", "cancelled"];
const WINDOW_MS = 30_000;
const MIN_WINDOW_MS = 2000;

export const hasEnded = ({ status }) => TERMINAL_STATUSES.includes(status);
export const isWaiting = ({ status }) => status === "waiting" || status === "retrying";
export const doneCount = ({ synced, skipped }) => synced + skipped;

/** Adds a state of the run to its samples; drops those of other runs and old ones. */
export function addSample(samples, state, at = Date.now()) {
	const sample = { run: state.run, at, done: doneCount(state), total: state.total };
	const recent = samples.filter((other) => other.run === sample.run && at - other.at < WINDOW_MS);
	return [...recent, sample];
}

/** The rate, and the time left unless the total still grows: "5 conversations per second · about 9 s left". */
export function describeRate(samples) {
	const [first, last] = [samples[0], samples.at(-1)];
	const seconds = first ? (last.at - first.at) / 1000 : 0;
	if (1000 * seconds < MIN_WINDOW_MS || last.done <= first.done) return "";
	const perSecond = (last.done - first.done) / seconds;
	const rate =
		perSecond < 1
			? plural(
					Math.max(1, Math.round(60 * perSecond)),
					"%(count)s conversation per minute",
					"%(count)s conversations per minute",
				)
			: plural(
					Math.round(perSecond),
					"%(count)s conversation per second",
					"%(count)s conversations per second",
				);
	const left = last.total === first.total ? Math.ceil((last.total - last.done) / perSecond) : 0;
	return left > 0
		? gettext("%(rate)s · about %(duration)s left", { rate, duration: formatDuration(left) })
		: rate;
}
