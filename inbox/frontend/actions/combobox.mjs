// A dialog with a text field that filters a list of options; used by the command palette and the tag picker.

import { openDialog } from "../core/dialog.mjs";
import { fill, h, update } from "../core/dom.mjs";
import { fold } from "../core/folding.mjs";
import { reveal } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";

const MAX_OPTIONS = 60;

/** The options whose label or keywords contain every word of the query; labels that begin with its first word come first. */
export function matchOptions(options, query) {
	const words = fold(query).split(/\s+/).filter(Boolean);
	const contents = ({ label, keywords = "" }) => fold(`${label} ${keywords}`);
	const matches = options.filter((option) => words.every((word) => contents(option).includes(word)));
	const rank = ({ label }) => Number(!fold(label).startsWith(words[0] ?? ""));
	return matches.sort((first, second) => rank(first) - rank(second)).slice(0, MAX_OPTIONS);
}

/**
 * Resolves with the chosen option, or null. An option is {label, symbol?, hint?, keywords?, …}; `symbol()` makes an element.
 * `extraOptions(query)`: returns options that depend on the query, e.g. to create a tag.
 * @param {string} label @param {any[]} options
 * @param {{extraOptions?: (query: string) => any[], placeholder?: string}} [more]
 */
export function chooseOption(label, options, { extraOptions = () => [], placeholder = label } = {}) {
	const search = (query) => [...matchOptions(options, query), ...extraOptions(query)];
	return openDialog(label, (close) => combobox(label, placeholder, search, close), "dialog.combobox");
}

function combobox(label, placeholder, search, close) {
	const list = h("ul", { role: "listbox", id: "options", "aria-label": label });
	const status = h("p.quiet.hint", { role: "status" });
	const input = comboboxInput(label, placeholder, { oninput, onkeydown });
	let options = [];
	let selectedIndex = 0;

	function draw() {
		const items = options.map((option, index) =>
			listItem(option, index, index === selectedIndex, () => close(option)),
		);
		fill(list, items);
		fill(status, !options.length && gettext("No results"));
		update(input, { "aria-activedescendant": options.length > 0 && `option-${selectedIndex}` });
	}

	function show(query) {
		options = search(query);
		selectedIndex = 0;
		draw();
	}

	function oninput({ target }) {
		show(target.value.trim());
	}

	function onkeydown(event) {
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (!step && event.key !== "Enter") return;
		event.preventDefault();
		if (!step) return void (options[selectedIndex] && close(options[selectedIndex]));
		selectedIndex = (selectedIndex + step + options.length) % (options.length || 1);
		draw();
		if (options.length) reveal(`option-${selectedIndex}`);
	}

	show("");
	return [input, list, status];
}

function comboboxInput(label, placeholder, handlers) {
	return h("input", {
		type: "text",
		role: "combobox",
		"aria-label": label,
		placeholder,
		"aria-controls": "options",
		"aria-expanded": "true",
		"aria-autocomplete": "list",
		autocomplete: "off",
		autofocus: true,
		...handlers,
	});
}

function listItem({ label, symbol, hint }, index, isSelected, onclick) {
	return h(
		"li",
		{ role: "option", id: `option-${index}`, "aria-selected": String(isSelected), onclick },
		symbol?.(),
		h("span.entry-name", label),
		hint && h("span.quiet", hint),
	);
}
