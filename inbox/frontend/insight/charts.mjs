// Draws charts. Each has a text alternative for screen readers.

import { h, svg } from "../core/dom.mjs";
import { formatNumber } from "../core/format.mjs";
import { gettext } from "../core/texts.mjs";

const [WIDTH, HEIGHT] = [600, 140];
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
export const DAYS = [
	gettext("Mon"),
	gettext("Tue"),
	gettext("Wed"),
	gettext("Thu"),
	gettext("Fri"),
	gettext("Sat"),
	gettext("Sun"),
];

/** Lines over a shared axis. `series`: [{className, values}]; null is a gap. `format`: for the highest value. */
export function lineChart(series, { label, format = formatNumber }) {
	const highest = Math.max(1, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
	const guides = [0.25, 0.5, 0.75].map((part) =>
		svg("line.guide", { x1: 0, x2: WIDTH, y1: HEIGHT * part, y2: HEIGHT * part }),
	);
	const curves = series.map(({ className, values }) =>
		svg(`path.curve.${className}`, { d: linePath(values, highest) }),
	);
	const viewBox = `0 0 ${WIDTH} ${HEIGHT}`;
	return h(
		"div.chart",
		h("span.chart-top.quiet", { "aria-hidden": "true" }, format(highest)),
		svg("svg", { viewBox, preserveAspectRatio: "none", role: "img", "aria-label": label }, guides, curves),
	);
}

/** The `d` attribute of a line through these values; null interrupts the line. */
export function linePath(values, highest) {
	const step = WIDTH / Math.max(1, values.length - 1);
	const point = (value, index) => {
		if (value === null) return "";
		const command = (values[index - 1] ?? null) === null ? "M" : "L";
		const y = HEIGHT - 2 - ((HEIGHT - 6) * value) / highest;
		return `${command}${(index * step).toFixed(1)} ${y.toFixed(1)}`;
	};
	return values.map(point).join("");
}

/** Seven rows of 24 cells; a darker cell has more messages. */
export function heatMap(hours, caption) {
	const highest = Math.max(1, ...hours.flat());
	const cell = (count, day, hour) => {
		const css = { "--part": `${Math.round((100 * count) / highest)}%` };
		const number = formatNumber(count);
		return h("td", { css, title: `${DAYS[day]} ${hour}:00: ${number}` }, h("span.hidden", number));
	};
	const rows = hours.map((counts, day) =>
		heatRow(
			DAYS[day],
			counts.map((count, hour) => cell(count, day, hour)),
		),
	);
	return heatTable(caption, rows);
}

/**
 * How many of our messages were answered: rows and cells as in heatMap(), and a last one of each for all days and hours. A
 * darker cell has a higher share; one with fewer than `minimum` messages has only a border. `answers`: as in REST.
 */
export function answerMap(answers, minimum, caption) {
	const anyDay = gettext("All days");
	const cell = ({ observations, answered }, day, hour) => {
		const values = { answered: formatNumber(answered), sent: formatNumber(observations) };
		const text = gettext("%(answered)s of %(sent)s answered", values);
		const title = [day, hour === undefined ? "" : ` ${hour}:00`, `: ${text}`].join("");
		if (observations < minimum) return h("td.few", { title }, h("span.hidden", observations ? text : "–"));
		const css = { "--part": `${Math.round((100 * answered) / observations)}%` };
		return h("td", { css, title }, h("span.hidden", text));
	};
	const rows = answers.sent.map((sent, day) => {
		const cells = sent.map((observations, hour) =>
			cell({ observations, answered: answers.answeredHours[day][hour] }, DAYS[day], hour),
		);
		return heatRow(DAYS[day], [...cells, cell(answers.weekdays[day], DAYS[day])]);
	});
	const all = [...answers.hours.map((hour, index) => cell(hour, anyDay, index)), cell(answers, anyDay)];
	return heatTable(
		caption,
		[...rows, heatRow(gettext("All"), all, "tr.all")],
		h("th.all", { scope: "col" }, gettext("All")),
	);
}

const heatRow = (name, cells, kind = "tr") => h(kind, h("th", { scope: "row" }, name), cells);

const heatTable = (caption, rows, lastHeading) =>
	h(
		"table.heat",
		h("caption.hidden", caption),
		h("thead", h("tr", h("td"), HOURS.map(hourHeading), lastHeading)),
		h("tbody", rows),
	);

// Every sixth hour is visible.
function hourHeading(hour) {
	return h("th", { scope: "col" }, hour % 6 ? h("span.hidden", String(hour)) : String(hour));
}

/** Horizontal bars: [{name, color, value}]. */
export function bars(rows) {
	const highest = Math.max(1, ...rows.map(({ value }) => value));
	const bar = ({ name, color, value }) => {
		const css = { "--part": `${(100 * value) / highest}%`, "--tag": color || "#6b7280" };
		return h("li", h("span.entry-name", name), h("span.bar", { css }), h("span.count", formatNumber(value)));
	};
	return h("ul.bars", rows.map(bar));
}
