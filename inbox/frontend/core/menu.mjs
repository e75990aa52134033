// A menu of actions below a button, or a grid of them above it.

import { button, h } from "./dom.mjs";

/** @typedef {[label: string, run: () => unknown]} Item */

const GAP_PX = 4;
/** @type {Record<string, number>} */
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
/** @type {Record<string, number>} */
const SIDEWAYS = { ArrowRight: 1, ArrowLeft: -1 };
const ITEM = { role: "menuitem", tabindex: "-1" };

/**
 * Opens a menu with these actions, in their order. It closes with Esc, and when something else is pressed. With `columns`
 * it is a grid above the button.
 * @param {HTMLElement} anchor the button @param {string} label @param {Item[]} items @param {{columns?: number}} [options]
 */
export function openMenu(anchor, label, items, { columns = 1 } = {}) {
	const choose = (/** @type {Item[1]} */ run) => {
		menu.hidePopover();
		run();
	};
	const entries = items.map(([text, run]) => button(text, () => choose(run), "menu-item", ITEM));
	const ontoggle = (/** @type {any} */ { newState }) => newState === "closed" && onClosed(menu, anchor);
	const css = columns > 1 ? above(anchor, columns) : below(anchor);
	const properties = { role: "menu", popover: "auto", "aria-label": label, css };
	const onkeydown = (/** @type {any} */ event) => handleKey(event, columns);
	const menu = h(columns > 1 ? "div.menu.grid" : "div.menu", { ...properties, ontoggle, onkeydown }, entries);
	// Inside of a landmark, and not where a view draws.
	(anchor.closest("nav") ?? anchor.closest("section") ?? document.body).append(menu);
	menu.showPopover();
	anchor.setAttribute("aria-expanded", "true");
	entries[0].focus();
}

/** @param {HTMLElement} anchor */
function below(anchor) {
	const { bottom, right } = anchor.getBoundingClientRect();
	return { "--top": `${bottom + GAP_PX}px`, "--right": `${Math.max(0, innerWidth - right)}px` };
}

/** @param {HTMLElement} anchor @param {number} columns */
function above(anchor, columns) {
	const { top, left } = anchor.getBoundingClientRect();
	return { "--bottom": `${innerHeight - top + GAP_PX}px`, "--left": `${left}px`, "--columns": `${columns}` };
}

/** @param {HTMLElement} menu @param {HTMLElement} anchor */
function onClosed(menu, anchor) {
	menu.remove();
	anchor.setAttribute("aria-expanded", "false");
}

/** @param {any} event @param {number} columns */
function handleKey(event, columns) {
	const entries = [...event.currentTarget.children];
	const current = entries.indexOf(document.activeElement);
	/** @type {Record<string, number>} */
	const ends = { Home: 0, End: entries.length - 1 };
	const sideways = columns > 1 ? (SIDEWAYS[event.key] ?? 0) : 0;
	const next = ends[event.key] ?? current + columns * (STEPS[event.key] ?? 0) + sideways;
	event.stopPropagation(); // its keys are not shortcuts of the page
	if (event.key === "Tab") event.currentTarget.hidePopover();
	else if (next !== current) {
		event.preventDefault();
		entries.at(next % entries.length).focus();
	}
}
