// When messages come from customers, and when ours are answered: each as a sentence and a map.

import { h } from "../core/dom.mjs";
import { formatNumber, formatShare } from "../core/format.mjs";
import { gettext } from "../core/texts.mjs";
import { answerMap, DAYS, heatMap } from "./charts.mjs";

export const ANSWERS = gettext("Answered within 24 hours");
export const EXPLANATION = gettext(
	"The stronger the color of an hour, the larger the part of our messages sent in it that the customer answered within 24 hours. Messages of the last 24 hours do not count, because an answer may still come. An hour with fewer than ten messages has only a border: so few say nothing. Whether people answer also depends on what was written, so take this as a hint.",
);

/** Messages from the customer. `received`: as in REST. */
export const receivedChart = (received, minimum) => [
	h("p", receivedSummary(received, minimum)),
	received.isEnough && heatMap(received.hours, gettext("Messages from the customer by weekday and hour")),
];

/** Messages from the Page, and how many were answered. `answers`: as in REST. */
export const answerChart = (answers, minimum) => [
	h("p", answerSummary(answers, minimum)),
	answers.isEnough &&
		answerMap(answers, minimum, gettext("Messages from the Page that were answered, by weekday and hour")),
];

const tooFew = (count, minimum) =>
	gettext("Not enough yet: %(count)s of %(minimum)s messages.", { count: formatNumber(count), minimum });

const span = (hour) => gettext("%(from)s:00 to %(to)s:00", { from: hour, to: hour + 1 });

function receivedSummary({ observations, isEnough, best }, minimum) {
	if (!isEnough) return tooFew(observations, minimum);
	const hours = best.map(({ weekday, hour, observations: count }) =>
		gettext("%(day)s %(hours)s (%(count)s)", {
			day: DAYS[weekday],
			hours: span(hour),
			count: formatNumber(count),
		}),
	);
	const values = { count: formatNumber(observations), hours: hours.join(", ") };
	if (!hours.length) return gettext("%(count)s messages, each at another hour.", values);
	return gettext("%(count)s messages. Most often: %(hours)s.", values);
}

function answerSummary(answers, minimum) {
	const { observations, answered, share, isEnough, weekdays, hours, bestWeekday, bestHour } = answers;
	if (!isEnough) return tooFew(observations, minimum);
	const sentences = [
		gettext("%(answered)s of %(sent)s messages were answered within 24 hours (%(share)s).", {
			answered: formatNumber(answered),
			sent: formatNumber(observations),
			share: formatShare(share),
		}),
	];
	if (bestWeekday !== null) {
		const best = formatShare(weekdays[bestWeekday].share);
		sentences.push(gettext("Best weekday: %(day)s (%(share)s).", { day: DAYS[bestWeekday], share: best }));
	}
	if (bestHour !== null) {
		const best = formatShare(hours[bestHour].share);
		sentences.push(
			gettext("Best time of day: %(hours)s (%(share)s).", { hours: span(bestHour), share: best }),
		);
	}
	return sentences.join(" ");
}
