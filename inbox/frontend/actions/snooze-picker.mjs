// Asks until when conversations are snoozed.

import { openDialog } from "../core/dialog.mjs";
import { button, h } from "../core/dom.mjs";
import { formatDateTime } from "../core/format.mjs";
import { gettext } from "../core/texts.mjs";
import { snooze } from "./actions.mjs";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const MORNING = 9;
const EVENING = 18;
const DAYS = 7;
const MONDAY = 1;

/** `target`: as returned by `currentTarget()`. */
export async function pickSnooze(target) {
	const choice = await openDialog(gettext("Snooze"), (close) => content(close, new Date()));
	if (choice) await snooze(choice.until, target);
}

function content(close, now) {
	const choices = timesAfter(now).map(([label, time], index) =>
		button(
			[h("span", label), h("span.quiet", formatDateTime(time.toISOString()))],
			() => close({ until: time.toISOString() }),
			"button.plain.choice",
			{ autofocus: index === 0 },
		),
	);
	const onsubmit = (/** @type {any} */ event) => {
		event.preventDefault();
		const time = new Date(String(new FormData(event.target).get("until")));
		close({ until: time.toISOString() });
	};
	const least = localMinutes(new Date(now.getTime() + MINUTE_MS));
	const input = { type: "datetime-local", name: "until", required: true, min: least };
	return [
		h("h2", gettext("Snooze until")),
		h("p.quiet", gettext("It comes back at that time, or as soon as the customer writes.")),
		h("div.choices", choices),
		h(
			"form.snooze-form",
			{ onsubmit },
			h("label", gettext("Another time"), h("input", input)),
			h("button.button", gettext("Snooze")),
		),
		h(
			"div.dialog-buttons",
			button(gettext("End the snooze"), () => close({ until: null }), "button.plain"),
			button(gettext("Cancel"), () => close(), "button.plain"),
		),
	];
}

/**
 * [[label, time]]: the usual times, in the time zone of the browser.
 * @param {Date} now @returns {[string, Date][]}
 */
export function timesAfter(now) {
	const at = (days, hour) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, hour);
	const toMonday = (MONDAY - now.getDay() + DAYS) % DAYS || DAYS;
	/** @type {[string, Date][]} */
	const times = [
		[gettext("In an hour"), new Date(now.getTime() + HOUR_MS)],
		[gettext("This evening"), at(0, EVENING)],
		[gettext("Tomorrow"), at(1, MORNING)],
		[gettext("Next week"), at(toMonday, MORNING)],
	];
	return times.filter(([, time]) => time > now);
}

// What a field of the type datetime-local takes.
function localMinutes(time) {
	const two = (number) => String(number).padStart(2, "0");
	const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
	return `${day}T${two(time.getHours())}:${two(time.getMinutes())}`;
}
