// The edges between the panes, which the user moves with pointer or keyboard. This browser remembers the widths;
// theme.js applies them before anything is painted.

import { choosePaneWidth } from "./preferences.mjs";
import { elementOf } from "./targets.mjs";
import { gettext } from "./texts.mjs";

const STEP_PX = 16;
const MIN_CONVERSATION_PX = 320;

/** @typedef {{edge: string, pane: string, property: string, min: number, max: number, rest: () => number}} Pane */

/** @type {Record<string, Pane>} `rest`: the width that the panes beside it need */
const PANES = {
	sidebar: {
		edge: "sidebar-edge",
		pane: "sidebar",
		property: "--sidebar-width",
		min: 200,
		max: 420,
		rest: () => elementOf("list").clientWidth + MIN_CONVERSATION_PX,
	},
	list: {
		edge: "list-edge",
		pane: "list",
		property: "--list-width",
		min: 280,
		max: 640,
		rest: () => elementOf("list").getBoundingClientRect().left + MIN_CONVERSATION_PX,
	},
};

const highest = (/** @type {Pane} */ { min, max, rest }) => Math.max(min, Math.min(max, innerWidth - rest()));

export function startPanes() {
	for (const [name, pane] of Object.entries(PANES)) startEdge(name, pane);
	addEventListener("resize", () => Object.values(PANES).forEach(describe));
}

/** @param {string} name @param {Pane} pane */
function startEdge(name, pane) {
	const edge = elementOf(pane.edge);
	edge.addEventListener("pointerdown", (event) => follow(event, name, pane));
	edge.addEventListener("dblclick", () => reset(name, pane));
	edge.addEventListener("keydown", (event) => onKeyDown(event, name, pane));
	edge.addEventListener("focus", () => describe(pane));
	describe(pane);
}

/** @param {PointerEvent} event @param {string} name @param {Pane} pane */
function follow({ pointerId, clientX, button }, name, pane) {
	if (button) return;
	const edge = elementOf(pane.edge);
	const offset = widthOf(pane) - clientX;
	const move = (/** @type {PointerEvent} */ event) => show(pane, event.clientX + offset);
	const end = () => {
		edge.removeEventListener("pointermove", move);
		for (const type of ["pointerup", "pointercancel"]) edge.removeEventListener(type, end);
		choosePaneWidth(name, widthOf(pane));
	};
	edge.setPointerCapture(pointerId);
	edge.addEventListener("pointermove", move);
	for (const type of ["pointerup", "pointercancel"]) edge.addEventListener(type, end);
}

/** @param {KeyboardEvent} event @param {string} name @param {Pane} pane */
function onKeyDown(event, name, pane) {
	const width = widthOf(pane);
	/** @type {Record<string, number>} */
	const widths = {
		ArrowLeft: width - STEP_PX,
		ArrowRight: width + STEP_PX,
		Home: pane.min,
		End: highest(pane),
	};
	if (event.ctrlKey || event.metaKey || event.altKey) return;
	if (event.key === "Enter") reset(name, pane);
	else if (event.key in widths) choosePaneWidth(name, show(pane, widths[event.key]));
	else return;
	event.preventDefault();
	event.stopPropagation(); // its keys are not shortcuts of the page
}

/** @param {Pane} pane */
const widthOf = ({ pane }) => Math.round(elementOf(pane).getBoundingClientRect().width);

/** Returns the width that is shown. @param {Pane} pane @param {number} width */
function show(pane, width) {
	const shown = Math.round(Math.min(highest(pane), Math.max(pane.min, width)));
	document.documentElement.style.setProperty(pane.property, `${shown}px`);
	describe(pane);
	return shown;
}

/** @param {string} name @param {Pane} pane */
function reset(name, pane) {
	document.documentElement.style.removeProperty(pane.property);
	choosePaneWidth(name, null);
	describe(pane);
}

/** @param {Pane} pane */
function describe(pane) {
	const edge = elementOf(pane.edge);
	const width = widthOf(pane);
	edge.setAttribute("aria-valuemin", String(pane.min));
	edge.setAttribute("aria-valuemax", String(Math.max(width, highest(pane))));
	edge.setAttribute("aria-valuenow", String(width));
	edge.setAttribute("aria-valuetext", gettext("%(count)s pixels", { count: width }));
}
