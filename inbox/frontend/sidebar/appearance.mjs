// The choice of theme and density, in the menu of the account.

import { fill, h, update } from "../core/dom.mjs";
import { chooseDensity, chooseTheme, chosenTheme } from "../core/preferences.mjs";
import { set, watch } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";

const THEMES = [
	["auto", gettext("As the system")],
	["light", gettext("Light")],
	["dark", gettext("Dark")],
];
const DENSITIES = [
	["comfortable", gettext("Comfortable")],
	["compact", gettext("Compact")],
];

export function startAppearance() {
	watch(({ isCompact }) => [isCompact], draw);
}

function draw({ isCompact }) {
	update("page", { class: { compact: isCompact } });
	fill(
		"appearance",
		choice(gettext("Theme"), THEMES, chosenTheme(), chooseTheme),
		choice(gettext("Rows"), DENSITIES, isCompact ? "compact" : "comfortable", (value) => {
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
