// Until when a customer may be answered, in words. The server decides; this counts down.

import { formatDateTime, formatDuration, formatTime } from "../core/format.mjs";
import { gettext } from "../core/texts.mjs";

const DAY_MS = 86_400_000;
const SOON_MS = 3_600_000;
const MINUTE_MS = 60_000;

/**
 * `reply`: {state: open | human_agent | closed | unknown, until}; a server that cannot send says nothing of it. Returns
 * {isOpen, text, isSoon, isOver}. `isSoon`: less than an hour is left. `isOver`: the time has passed here, ask the server.
 */
export function describeWindow(reply, now = Date.now()) {
	const { state = "unknown", until = null } = reply ?? {};
	if (state === "closed") return { isOpen: false, isSoon: false, isOver: false, text: closedText() };
	const left = until ? Date.parse(until) - now : null;
	const isOver = left !== null && left <= 0;
	const isSoon = left !== null && left < SOON_MS;
	return { isOpen: true, isSoon, isOver, text: openText(state, until, left, now) };
}

const closedText = () =>
	gettext(
		"The customer last wrote more than 24 hours ago. Facebook accepts no answer from here until they write again.",
	);

function openText(state, until, left, now) {
	if (state === "unknown" || left === null)
		return gettext("It is not known until when this customer can be answered. You can try.");
	const values = { time: timeOf(until, now), left: formatDuration(Math.max(MINUTE_MS, left) / 1000) };
	if (left <= 0) return gettext("The time to answer ended at %(time)s.", values);
	if (state === "human_agent")
		return gettext("24 hours have passed: only a person may answer, until %(time)s (%(left)s left).", values);
	return gettext("You can answer until %(time)s (%(left)s left).", values);
}

const timeOf = (until, now) => (Date.parse(until) - now < DAY_MS ? formatTime(until) : formatDateTime(until));
