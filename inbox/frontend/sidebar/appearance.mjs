// The choice of theme and density, in the menu of the account.

import { fill, h } from "../core/dom.mjs";
import { chooseDensity, chooseTheme, chosenTheme } from "../core/preferences.mjs";
import { set, watch } from "../core/store.mjs";

const THEMES = [
	["auto", "As the system"],
	["light", "Light"],
	["dark", "Dark"],
];
const DENSITIES = [
	["comfortable", "Comfortable"],
	["compact", "Compact"],
];

let isStarted = false;

/** Starts when the menu is first opened; further calls do nothing. */
export function startAppearance() {
	if (isStarted) return;
	isStarted = true;
	watch(({ isCompact }) => [isCompact], draw);
}

function draw({ isCompact }) {
	fill(
		"appearance",
		choice("Theme", THEMES, chosenTheme(), chooseTheme),
		choice("Rows", DENSITIES, isCompact ? "compact" : "comfortable", (value) => {
			chooseDensity(value === "compact");
			set({ isCompact: value === "compact" });
		}),
	);
}

function choice(label, options, value, choose) {
	const items = options.map(([option, text]) => h("option", { value: option }, text));
	const select = h("select", { value, onchange: ({ target }) => choose(target.value) }, items);
	return h("label", { key: label }, label, select);
}
