// Describes the state of a run that is going on; conversations/admin/formatting.py does the same on the server.

import { formatNumber, plural } from "/static/inbox/app/core/format.mjs";
import { doneCount, hasEnded, isWaiting, STATUS_LABELS } from "/static/inbox/app/core/run-state.mjs";
import { gettext } from "/static/inbox/app/core/texts.mjs";

/** Does only a manager see the reason? */
export const isPrivate = (state) =>
	isWaiting(state) || (hasEnded(state) && !state.status.startsWith("complete"));

export const describeStatus = (status) => STATUS_LABELS[status];

/** What a finished run has stored. */
export function describeResult(state) {
	const count = doneCount(state);
	if (!count) return state.status === "complete" ? gettext("No changes.") : "";
	const counts = [
		[gettext("new"), state.inserted],
		[gettext("changed"), state.updated],
		[gettext("skipped"), state.skipped],
	];
	const parts = counts
		.filter(([, value]) => value)
		.map(([label, value]) => `${formatNumber(value)} ${label}`);
	return [plural(count, "%(count)s conversation", "%(count)s conversations"), ...parts].join(", ");
}
