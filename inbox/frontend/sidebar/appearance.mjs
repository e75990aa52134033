// The choice of theme, density and what opening a conversation does, in the menu of the account.

import { fill, h } from "../core/dom.mjs";
import {
	chooseDensity,
	chooseMarkingAsRead,
	chooseTheme,
	chosenTheme,
	marksAsRead,
} from "../core/preferences.mjs";
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

const OPENING = [
	["read", gettext("Marks as read")],
	["unread", gettext("Leaves it unread")],
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
		choice(gettext("Theme"), THEMES, chosenTheme(), chooseTheme),
		choice(gettext("Rows"), DENSITIES, isCompact ? "compact" : "comfortable", (value) => {
			chooseDensity(value === "compact");
			set({ isCompact: value === "compact" });
		}),
		choice(gettext("Opening"), OPENING, marksAsRead() ? "read" : "unread", (value) =>
			chooseMarkingAsRead(value === "read"),
		),
	);
}

function choice(label, options, value, choose) {
	const items = options.map(([option, text]) => h("option", { value: option }, text));
	const select = h("select", { value, onchange: ({ target }) => choose(target.value) }, items);
	return h("label", { key: label }, label, select);
}
