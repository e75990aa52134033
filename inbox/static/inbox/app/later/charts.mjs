// Drawings of numbers. Each has its words beside it, for those who do not see it.

import { h, svg } from "../dom.mjs";
import { number } from "../words.mjs";

const [WIDTH, HEIGHT] = [600, 140];

/** Lines over the same places: `series` is [{name, className, values}]; null is a gap. */
export function lines(series, { label, unit = number }) {
  const highest = Math.max(1, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  return h(
    "div.chart",
    h("span.chart-top.quiet", { "aria-hidden": "true" }, unit(highest)),
    svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label },
      [0.25, 0.5, 0.75].map((part) => svg("line.guide", { x1: 0, x2: WIDTH, y1: HEIGHT * part, y2: HEIGHT * part })),
      series.map(({ className, values }) => svg(`path.curve.${className}`, { d: path(values, highest) })),
    ),
  );
}

/** The `d` of a line through these values; exported for its test. */
export function path(values, highest) {
  const step = WIDTH / Math.max(1, values.length - 1);
  let isBegun = false;
  return values
    .map((value, at) => {
      const verb = isBegun ? "L" : "M";
      isBegun = value !== null;
      return value === null ? "" : `${verb}${(at * step).toFixed(1)} ${(HEIGHT - 2 - ((HEIGHT - 6) * value) / highest).toFixed(1)}`;
    })
    .join("");
}

/** Seven rows of 24 cells, the darker the more. */
export function heatMap(hours, days) {
  const highest = Math.max(1, ...hours.flat());
  const cell = (count, day, hour) => h("td", { css: { "--part": `${Math.round((100 * count) / highest)}%` }, title: `${days[day]} ${hour}:00: ${number(count)}` }, h("span.hidden", number(count)));
  return h(
    "table.heat",
    h("caption.hidden", "Messages from customers by weekday and hour"),
    h("thead", h("tr", h("td"), Array.from({ length: 24 }, (_, hour) => h("th", { scope: "col" }, hour % 6 ? h("span.hidden", String(hour)) : String(hour))))),
    h("tbody", hours.map((counts, day) => h("tr", h("th", { scope: "row" }, days[day]), counts.map((count, hour) => cell(count, day, hour))))),
  );
}

/** Names with bars: [{name, color, value}]. */
export function bars(rows) {
  const highest = Math.max(1, ...rows.map(({ value }) => value));
  return h("ul.bars", rows.map(({ name, color, value }) => h("li", h("span.entry-name", name), h("span.bar", { css: { "--part": `${(100 * value) / highest}%`, "--tag": color || "#6b7280" } }), h("span.count", number(value)))));
}
