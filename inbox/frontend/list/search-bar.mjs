// The head of the list: the search, the active filters, the total and the toggles.

import { get, isAborted } from "../core/api.mjs";
import { button, fill, h, tagChip, update } from "../core/dom.mjs";
import { formatNumber } from "../core/format.mjs";
import { filteredPages, navigate, set, state, toggleInsight, updateFilter, watch } from "../core/store.mjs";
import { contentOf, setTitle } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";
import { isEmptyFilter, splitKeys, viewFilter } from "../core/url.mjs";
import { VIEWS } from "../sidebar/sidebar-loader.mjs";
import { filterParts, listTitle } from "./filter-labels.mjs";
import { rememberSearch } from "./recent-searches.mjs";
import { handleSuggestionKey, hideSuggestions, showSuggestions, startSuggestions } from "./suggestions.mjs";
import { hasWords, isUnfinished } from "./typed-words.mjs";

const TYPING_DELAY_MS = 180;

let typed = ""; // what is in the field
let typingTimer = null;
let isInputPending = false; // the field has characters that are not in the address yet
let isSameHistoryEntry = false; // further characters add no entries to the browser's history

export function startSearchBar({ saveView }) {
	update("search", {
		oninput: ({ target }) => onInput(target.value),
		onkeydown: onKeyDown,
		onfocus: () => showSuggestions(typed),
		onblur,
	});
	startSuggestions(chooseSuggestion);
	const early = contentOf("search"); // the user typed before this script was loaded
	if (early) onInput(early);
	update("in-messages", {
		onchange: ({ target }) => updateFilter({ search_in: target.checked ? "messages" : "" }),
	});
	update("filter-toggle", { onclick: () => set({ isFilterFormOpen: !state.isFilterFormOpen }) });
	update("menu", { onclick: () => set({ isSidebarOpen: true }) });
	update("insight-toggle", { onclick: toggleInsight });
	watch(
		({ filter, tags, pages, views }) => [filter, tags, pages, views],
		(current) => draw(current, saveView),
	);
	watch(({ filter }) => [filter], drawInput);
	watch(({ list: { status, total, isExact } }) => [status, total, isExact], drawTotal);
	watch(({ isFilterFormOpen, insight }) => [isFilterFormOpen, insight], drawToggles);
}

function onInput(value) {
	typed = value;
	clearTimeout(typingTimer);
	typingTimer = setTimeout(() => isUnfinished(typed) || search(), TYPING_DELAY_MS);
	isInputPending = true;
	fill("search-error");
	showSuggestions(value);
}

function onKeyDown(event) {
	if (handleSuggestionKey(event)) {
		event.preventDefault();
		event.stopPropagation(); // these keys are shortcuts, too
	} else if (event.key === "Enter") {
		hideSuggestions();
		rememberSearch(typed.trim());
		search();
	}
}

function onblur() {
	isSameHistoryEntry = false;
	hideSuggestions();
	if (isInputPending) search();
}

// A key, such as "tag:", is to be gone on with.
function chooseSuggestion(text) {
	onInput(text);
	update("search", { value: text });
	if (text.endsWith(":")) return;
	hideSuggestions();
	search();
}

async function search() {
	clearTimeout(typingTimer);
	const text = typed;
	const filter = hasWords(text) ? await filterOf(text) : { search: text.trim() };
	if (!filter || text !== typed) return; // the user has typed on
	isInputPending = false;
	updateFilter(filter, { replace: isSameHistoryEntry });
	isSameHistoryEntry = true;
}

/** What to change of the filter for the words of this text; null if one of them is wrong, which is shown. */
async function filterOf(text) {
	try {
		const { filter } = await get("/api/filter", { q: text });
		return { search: "", ...filter, ...withOtherTags(filter) };
	} catch (error) {
		if (!isAborted(error)) fill("search-error", error.message);
		return null;
	}
}

// The tags that the list is filtered by already remain: each word narrows it.
function withOtherTags(filter) {
	const names = ["include_tags", "exclude_tags"].filter((name) => filter[name] && state.filter[name]);
	const joined = names.map((name) => [name, [...new Set(keysOf(name, filter))].join()]);
	return { ...Object.fromEntries(joined), ...(names.includes("include_tags") && { include_mode: "all" }) };
}

const keysOf = (name, filter) => [...splitKeys(state.filter[name]), ...splitKeys(filter[name])];

function drawInput({ filter }) {
	const { search: value = "", search_in: place } = filter;
	if (!isInputPending && typed.trim() !== value) {
		typed = value;
		isSameHistoryEntry = false; // the user went back: what is typed next is a new entry
	}
	const placeholder =
		place === "messages" ? gettext("Search all messages") : gettext("Search name or last message");
	update("search", { value: typed, placeholder });
	update("in-messages", { checked: place === "messages" });
}

function draw({ filter, tags, pages, views }, saveView) {
	const savedViews = views?.map((view) => ({ name: view.name, filter: viewFilter(view) }));
	const title = listTitle(filter, VIEWS, savedViews);
	fill("title", title);
	// Seen in the tab also while another one is open.
	const unread = filteredPages().reduce((sum, page) => sum + page.unread, 0);
	setTitle(`${unread ? `(${formatNumber(unread)}) ` : ""}${title} – Inbox`);
	drawChips(filterParts(filter, { tags, pages }), filter, saveView);
}

function drawChips(parts, filter, saveView) {
	update("chips", { hidden: isEmptyFilter(filter) });
	fill(
		"chips",
		parts.map(filterChip),
		parts.filter(({ mode }) => mode === "include").length > 1 && matchSwitch(filter),
		button(gettext("Save as view"), saveView, "link"),
		button(gettext("Clear"), () => navigate({ filter: {} }), "link"),
	);
}

function filterChip({ key, label, mode, tag, without }) {
	const text = mode === "exclude" ? gettext("Not %(tag)s", { tag: label }) : label;
	const attributes = { "aria-label": gettext("Remove filter: %(text)s", { text }) };
	return tagChip(
		tag,
		mode,
		{ key },
		text,
		button("×", () => navigate({ filter: without }), "remove", attributes),
	);
}

function matchSwitch(filter) {
	const option = (mode, label) => {
		const attributes = { "aria-pressed": String(mode === (filter.include_mode ?? "")) };
		return button(label, () => updateFilter({ include_mode: mode }), "segment", attributes);
	};
	const attributes = { role: "group", "aria-label": gettext("Included tags") };
	return h(
		"span.segments",
		attributes,
		option("", gettext("Match any")),
		option("all", gettext("Match all")),
	);
}

function drawTotal({ list: { status, total, isExact } }) {
	const isUnknown = total === null || status === "error";
	const number = isUnknown ? "" : formatNumber(total);
	fill("total", isUnknown || isExact ? number : gettext("about %(number)s", { number }));
	update("list", { class: { loading: status === "loading" } });
}

function drawToggles({ isFilterFormOpen, insight }) {
	update("filters", { hidden: !isFilterFormOpen });
	update("filter-toggle", { "aria-expanded": String(isFilterFormOpen) });
	update("insight-toggle", { "aria-pressed": String(insight) });
}
