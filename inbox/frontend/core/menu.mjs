// A menu of actions below a button.

import { button, h } from "./dom.mjs";

/** @typedef {[label: string, run: () => unknown]} Item */

const GAP_PX = 4;
/** @type {Record<string, number>} */
const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const ITEM = { role: "menuitem", tabindex: "-1" };

/**
 * Opens a menu with these actions, in their order. It closes with Esc, and when something else is pressed.
 * @param {HTMLElement} anchor the button @param {string} label @param {Item[]} items
 */
export function openMenu(anchor, label, items) {
	const choose = (/** @type {Item[1]} */ run) => {
		menu.hidePopover();
		run();
	};
	const entries = items.map(([text, run]) => button(text, () => choose(run), "menu-item", ITEM));
	const ontoggle = (/** @type {any} */ { newState }) => newState === "closed" && onClosed(menu, anchor);
	const properties = { role: "menu", popover: "auto", "aria-label": label, css: below(anchor) };
	const menu = h("div.menu", { ...properties, ontoggle, onkeydown }, entries);
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

/** @param {HTMLElement} menu @param {HTMLElement} anchor */
function onClosed(menu, anchor) {
	menu.remove();
	anchor.setAttribute("aria-expanded", "false");
}

/** @param {any} event */
function onkeydown(event) {
	const entries = [...event.currentTarget.children];
	const current = entries.indexOf(document.activeElement);
	/** @type {Record<string, number>} */
	const ends = { Home: 0, End: entries.length - 1 };
	const next = ends[event.key] ?? current + (STEPS[event.key] ?? 0);
	event.stopPropagation(); // its keys are not shortcuts of the page
	if (event.key === "Tab") event.currentTarget.hidePopover();
	else if (next !== current) {
		event.preventDefault();
		entries.at(next % entries.length).focus();
	}
}
