// Makes elements and draws them. docs/frontend.md tells how a view is written.
//
// Contents are always inserted as text, never as HTML.

import { nodesInside, nodesOf, setChildren } from "./children.mjs";
import { addProperties, setProperties } from "./properties.mjs";
import { elementOf, keepFocus } from "./targets.mjs";

/** @typedef {import("./children.mjs").Child} Child */
/** @typedef {import("./properties.mjs").Properties} Properties */
/** @typedef {import("./targets.mjs").Target} Target */

const isProperties = (/** @type {any} */ part) => part?.constructor === Object;

/** @param {string} namespace */
const elementFactory = (namespace) => {
	/** @param {string} selector @param {...any} parts the properties, if there are any, and the children */
	return (selector, ...parts) => {
		const [tag, ...classes] = selector.split(".").filter(Boolean);
		const element = document.createElementNS(namespace, tag);
		const properties = isProperties(parts[0]) ? parts.shift() : {};
		element.append(...nodesInside(parts));
		setProperties(element, classes, properties);
		return /** @type {HTMLElement} */ (element);
	};
};

/**
 * `h(selector, properties, ...children)` makes an element. `selector`: a tag with classes after dots. `properties`
 * (optional): `key` among its siblings, event handlers (`onclick`), `class` ({name: whether it has it}), custom properties
 * (`css`, an object) and attributes; null and false are left out.
 */
export const h = elementFactory("http://www.w3.org/1999/xhtml");
export const svg = elementFactory("http://www.w3.org/2000/svg");

/**
 * Draws the children of an element. What is there already and stands for the same is kept and gets the new properties,
 * so that it keeps the focus, the scroll position and what the user enters.
 * @param {Target} target @param {...Child} children
 */
export function fill(target, ...children) {
	const element = elementOf(target);
	keepFocus(element, () => setChildren(element, nodesOf(children)));
}

/**
 * Sets properties of an element of the shell, or of one that the view keeps; others stay.
 * @param {Target} target @param {Properties} properties
 */
export const update = (target, properties) => addProperties(elementOf(target), properties);

/** @type {Record<string, string>} */
const PATHS = {
	all: "M3 5h14v10H3zM3 5l7 6 7-6",
	open: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6v4l3 2",
	waiting: "M6 3h8M6 17h8M7 3c0 4 6 4 6 7s-6 3-6 7M13 3c0 4-6 4-6 7s6 3 6 7",
	unread: "M3 8v7h14V8l-7-5zM3 8l7 4 7-4",
	untagged: "M3 3h6l8 8-6 6-8-8zM3 17 17 3",
	tag: "M3 3h6l8 8-6 6-8-8zM6.5 6.5h.01",
	done: "m4 10 4 4 8-9",
	view: "M5 3h10v14l-5-4-5 4z",
	sync: "M16 7a6.5 6.5 0 0 0-12-1M4 3v3.5h3.5M4 13a6.5 6.5 0 0 0 12 1M16 17v-3.5h-3.5",
	clip: "m15 9-5.5 5.5a3 3 0 0 1-4.5-4L11 4.5a2 2 0 0 1 3 2.8L8.5 13",
	close: "M5 5l10 10M15 5 5 15",
	back: "M12 4 6 10l6 6",
	search: "M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3zm4.5 10.5L17 17",
	up: "m4 13 6-6 6 6",
	down: "m4 7 6 6 6-6",
	chart: "M3 17h14M5 14V9m5 5V4m5 10V7",
	person: "M10 3a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM3.5 17c.6-3.4 3.2-5 6.5-5s5.9 1.6 6.5 5",
	snooze: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM8 8h4l-4 4h4",
	mention: "M13 10a3 3 0 1 1-6 0 3 3 0 0 1 6 0zm0 0v1.5a2 2 0 0 0 4 0V10a7 7 0 1 0-3 5.7",
	emoji: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM7.5 8.5h.01M12.5 8.5h.01M7 12c1.5 2 4.5 2 6 0",
	more: "M4.4 10h1M9.5 10h1M14.6 10h1",
};

/** @param {string} name */
export function icon(name) {
	return svg("svg.icon", { viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}

/**
 * `kind`: the classes, separated by dots.
 * @param {Child} label @param {((event: any) => unknown) | undefined} onclick
 */
export function button(label, onclick, kind = "button", attributes = {}) {
	return h(`button.${kind}`, { type: "button", onclick, ...attributes }, label);
}

/**
 * A button with an icon only; screen readers and the tooltip use the label.
 * @param {string} name @param {string} label @param {(event: any) => unknown} onclick
 */
export function iconButton(name, label, onclick, attributes = {}) {
	return button(icon(name), onclick, "icon-button", { "aria-label": label, title: label, ...attributes });
}

/**
 * `tag` is undefined for a part of the filter that is not a tag.
 * @param {{color: string} | undefined} tag @param {string} kind @param {Properties} properties @param {...Child} content
 */
export function tagChip(tag, kind, properties, ...content) {
	const color = tag && { css: { "--tag": tag.color } };
	return h(`span.tag.${kind}`, { ...properties, ...color }, tag && tagDot(tag), content);
}

/** @param {{color: string}} tag */
export function tagDot(tag) {
	return h("span.dot", { css: { "--tag": tag.color || "#6b7280" }, "aria-hidden": "true" });
}
