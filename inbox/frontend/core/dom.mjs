// Creates DOM elements. Content is always inserted as text, never as HTML.

const isProperties = (part) => part?.constructor === Object;

/**
 * `h(selector, properties, ...children)` creates an element. `selector`: a tag with classes after dots. `properties`
 * (optional): event listeners (`onclick`), custom properties (`css`, an object) and attributes; null and false are left out.
 */
const elementFactory =
	(namespace) =>
	(selector, ...parts) => {
		const [tag, ...classes] = selector.split(".");
		const element = document.createElementNS(namespace, tag);
		if (classes.length) element.setAttribute("class", classes.join(" "));
		if (isProperties(parts[0])) {
			for (const [name, value] of Object.entries(parts.shift())) assign(element, name, value);
		}
		element.append(...withoutEmpty(parts));
		return element;
	};

export const h = elementFactory("http://www.w3.org/1999/xhtml");
export const svg = elementFactory("http://www.w3.org/2000/svg");

function assign(element, name, value) {
	if (!isPresent(value)) return;
	if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
	else if (name === "css")
		for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
	else element.setAttribute(name, value === true ? "" : value);
}

const isPresent = (child) => child !== null && child !== undefined && child !== false;
const withoutEmpty = (children) => children.flat(Infinity).filter(isPresent);
const FOCUSABLE = "a[href], button, input, select";

/** Replaces the children of an element. If the focus was inside, it returns to the same position. */
export function fill(element, ...children) {
	const focusIndex = [...element.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
	element.replaceChildren(...withoutEmpty(children));
	if (focusIndex >= 0) element.querySelectorAll(FOCUSABLE)[focusIndex]?.focus({ preventScroll: true });
}

export const byId = (id) => document.getElementById(id);

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
	close: "M5 5l10 10M15 5 5 15",
	back: "M12 4 6 10l6 6",
	chart: "M3 17h14M5 14V9m5 5V4m5 10V7",
	more: "M5 10h.01M10 10h.01M15 10h.01",
};

export function icon(name) {
	return svg("svg.icon", { viewBox: "0 0 20 20", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}

/** `kind`: the classes, separated by dots. */
export function button(label, onclick, kind = "button", attributes = {}) {
	return h(`button.${kind}`, { type: "button", onclick, ...attributes }, label);
}

/** A button with an icon only; screen readers and the tooltip use the label. */
export function iconButton(name, label, onclick, attributes = {}) {
	return button(icon(name), onclick, "icon-button", { "aria-label": label, title: label, ...attributes });
}

/** `tag` is undefined for a part of the filter that is not a tag. */
export function tagChip(tag, kind, ...content) {
	return h(`span.tag.${kind}`, tag ? { css: { "--tag": tag.color } } : {}, tag && tagDot(tag), content);
}

export function tagDot(tag) {
	return h("span.dot", { css: { "--tag": tag.color || "#6b7280" }, "aria-hidden": "true" });
}
