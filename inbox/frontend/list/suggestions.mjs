// The list below the search field: how the word that is typed could go on, or earlier searches.

import { fill, h, update } from "../core/dom.mjs";
import { state } from "../core/store.mjs";
import { recentSearches } from "./recent-searches.mjs";
import { suggestWords } from "./typed-words.mjs";

export { hasWords, isUnfinished } from "./typed-words.mjs";

let options = [];
let selected = -1;
let choose = (_text) => {};

/** `onChoose(text)`: gets what the search becomes. */
export function startSuggestions(onChoose) {
	choose = onChoose;
}

export function showSuggestions(text) {
	const earlier = () => recentSearches().map((search) => ({ text: search, label: search, hint: "earlier" }));
	options = text.trim() ? suggestWords(text, state.tags) : earlier();
	selected = -1;
	draw();
}

export function hideSuggestions() {
	options = [];
	draw();
}

/** Handles a key of the search field; returns whether it was for the suggestions. */
export function handleSuggestionKey({ key }) {
	if (!options.length) return false;
	const step = { ArrowDown: 1, ArrowUp: -1 }[key];
	if (step) select(step);
	else if (key === "Enter" && selected >= 0) choose(options[selected].text);
	else if (key === "Escape") hideSuggestions();
	else return false;
	return true;
}

// Beyond either end nothing is selected: Enter then searches for what was typed.
function select(step) {
	const places = options.length + 1;
	selected = ((selected + 1 + step + places) % places) - 1;
	draw();
}

function draw() {
	const isOpen = options.length > 0;
	update("suggestions", { hidden: !isOpen });
	update("search", {
		"aria-expanded": String(isOpen),
		"aria-activedescendant": isOpen && selected >= 0 && `suggestion-${selected}`,
	});
	fill("suggestions", options.map(suggestion));
}

// On mousedown, before the field loses the focus, which would close the list.
function suggestion({ text, label, hint }, index) {
	const onmousedown = (event) => {
		event.preventDefault();
		choose(text);
	};
	return h(
		"li",
		{ role: "option", id: `suggestion-${index}`, "aria-selected": String(index === selected), onmousedown },
		h("span.entry-name", { dir: "auto" }, label),
		hint && h("span.quiet", hint),
	);
}
