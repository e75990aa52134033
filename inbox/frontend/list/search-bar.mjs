// The head of the list: the search, the active filters, the total and the toggles.

import { get, isAborted } from "../core/api.mjs";
import { button, fill, h, tagChip, update } from "../core/dom.mjs";
import { formatNumber, plural } from "../core/format.mjs";
import {
	filteredPages,
	navigate,
	set,
	state,
	toggleInsight,
	updateFilter,
	watch,
	when,
} from "../core/store.mjs";
import { announce, contentOf, setTitle } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";
import { isEmptyFilter, splitKeys, viewFilter } from "../core/url.mjs";
import { VIEWS } from "../sidebar/sidebar-loader.mjs";
import { filterParts, listTitle } from "./filter-labels.mjs";
import { rememberSearch } from "./recent-searches.mjs";

const TYPING_DELAY_MS = 180;
const PLACEHOLDERS = { messages: gettext("Search all messages"), names: gettext("Search names") };
/** Suggestions and typed words, which are loaded when the field is first used. */
const loadSuggestions = () => import("./suggestions.mjs");
/** @type {Awaited<ReturnType<typeof loadSuggestions>> | null} */
let suggestions = null;

let typed = ""; // what is in the field
let typingTimer = null;
let isInputPending = false; // the field has characters that are not in the address yet
let suggestRequests = 0; // only the last one is answered: the module may be loaded after the user has searched
let isSameHistoryEntry = false; // further characters add no entries to the browser's history

export function startSearchBar({ saveView }) {
	update("search", {
		oninput: ({ target }) => onInput(target.value),
		onkeydown: onKeyDown,
		onfocus: () => suggest(typed),
		onblur,
	});
	const early = contentOf("search"); // the user typed before this script was loaded
	if (early) onInput(early);
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
	when(({ filter, list: { status, total } }) => [filter, status, total], announceResult);
}

let announced = state.filter; // the list that is there at first is not announced, and neither are its changes
let isLoaded = false; // since the filter was chosen

function announceResult({ filter, list: { status, total, isExact } }) {
	if (filter === announced) return;
	isLoaded ||= status === "loading" || status === "short";
	if (!isLoaded || status === "loading" || (status === "ready" && total === null)) return;
	[announced, isLoaded] = [filter, false];
	if (status === "error") announce(gettext("Couldn't load the conversations"));
	else if (status === "short") announce(gettext("Enter at least three characters."));
	else announce(totalText(total, isExact));
}

function totalText(total, isExact) {
	const conversations = plural(total, "%(count)s conversation", "%(count)s conversations");
	return isExact ? conversations : gettext("About %(conversations)s", { conversations });
}

function onInput(value) {
	typed = value;
	clearTimeout(typingTimer);
	typingTimer = setTimeout(searchUnlessUnfinished, TYPING_DELAY_MS);
	isInputPending = true;
	update("search", { value }); // so that it is another one when the words have become filters
	fill("search-error");
	suggest(value);
}

async function withSuggestions() {
	const isFirst = !suggestions;
	suggestions ??= await loadSuggestions();
	if (isFirst) suggestions.startSuggestions(chooseSuggestion);
	return suggestions;
}

// If they cannot be loaded, what is typed is searched for as it is.
async function suggest(text) {
	const request = ++suggestRequests;
	const { showSuggestions } = await withSuggestions().catch(() => ({ showSuggestions: null }));
	if (request === suggestRequests) showSuggestions?.(text);
}

function stopSuggesting() {
	suggestRequests++;
	suggestions?.hideSuggestions();
}

async function searchUnlessUnfinished() {
	const { isUnfinished } = await withSuggestions().catch(() => ({ isUnfinished: () => false }));
	if (!isUnfinished(typed)) search();
}

function onKeyDown(event) {
	if (suggestions?.handleSuggestionKey(event)) {
		event.preventDefault();
		event.stopPropagation(); // these keys are shortcuts, too
	} else if (event.key === "Enter") {
		stopSuggesting();
		rememberSearch(typed.trim());
		search();
	}
}

function onblur() {
	isSameHistoryEntry = false;
	stopSuggesting();
	if (isInputPending) search();
}

// A key, such as "tag:", is to be gone on with.
function chooseSuggestion(text) {
	onInput(text);
	if (text.endsWith(":")) return;
	stopSuggesting();
	search();
}

async function search() {
	clearTimeout(typingTimer);
	const text = typed;
	const isWords = suggestions?.hasWords(text) ?? text.includes(":");
	const filter = isWords ? await filterOf(text) : { search: text.trim() };
	if (!filter || text !== typed) return; // the user has typed on
	isInputPending = false;
	// One search finds names and messages, unless the user has chosen a place.
	const place = state.filter.search_in || "all";
	updateFilter({ search_in: place, ...filter }, { replace: isSameHistoryEntry });
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
	update("search", {
		value: typed,
		placeholder: PLACEHOLDERS[place] ?? gettext("Search names and messages"),
	});
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
	update("list", { class: { loading: status === "loading" }, "aria-busy": String(status === "loading") });
}

function drawToggles({ isFilterFormOpen, insight }) {
	update("filters", { hidden: !isFilterFormOpen });
	update("filter-toggle", { "aria-expanded": String(isFilterFormOpen) });
	update("insight-toggle", { "aria-pressed": String(insight) });
}
