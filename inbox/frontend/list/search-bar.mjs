// The head of the list: the search, the active filters, the total and the toggles.

import { button, byId, fill, h, tagChip } from "../core/dom.mjs";
import { formatNumber } from "../core/format.mjs";
import { filteredPages, navigate, set, state, toggleInsight, updateFilter, watch } from "../core/store.mjs";
import { isEmptyFilter, viewFilter } from "../core/url.mjs";
import { VIEWS } from "../sidebar/sidebar-loader.mjs";
import { filterParts, listTitle } from "./filter-labels.mjs";

const TYPING_DELAY_MS = 180;

const input = byId("search");
let typingTimer = null;
let isInputPending = false; // the input has characters that are not in the address yet
let isSameHistoryEntry = false; // further characters add no entries to the browser's history

export function startSearchBar({ saveView }) {
	input.addEventListener("input", onInput);
	if (input.value) onInput(); // the user typed before this script was loaded
	input.addEventListener("keydown", ({ key }) => key === "Enter" && search());
	input.addEventListener("blur", () => {
		isSameHistoryEntry = false;
	});
	byId("in-messages").addEventListener("change", ({ target }) => {
		updateFilter({ search_in: target.checked ? "messages" : "" });
	});
	byId("filter-toggle").addEventListener("click", () => set({ isFilterFormOpen: !state.isFilterFormOpen }));
	byId("menu").addEventListener("click", () => set({ isSidebarOpen: true }));
	byId("insight-toggle").addEventListener("click", toggleInsight);
	watch("filter tags pages views", (current) => draw(current, saveView));
	watch("filter", fillInput);
	watch("list", drawTotal);
	watch("isFilterFormOpen insight", drawToggles);
}

function onInput() {
	clearTimeout(typingTimer);
	typingTimer = setTimeout(search, TYPING_DELAY_MS);
	isInputPending = true;
}

function search() {
	clearTimeout(typingTimer);
	isInputPending = false;
	updateFilter({ search: input.value.trim() }, { replace: isSameHistoryEntry });
	isSameHistoryEntry = true;
}

function fillInput({ filter: { search: value = "" } }) {
	if (isInputPending || input.value.trim() === value) return;
	input.value = value;
	isSameHistoryEntry = false; // the user went back: what is typed next is a new entry
}

function draw({ filter, tags, pages, views }, saveView) {
	byId("in-messages").checked = filter.search_in === "messages";
	input.placeholder = filter.search_in === "messages" ? "Search all messages" : "Search name or last message";
	const savedViews = views?.map((view) => ({ name: view.name, filter: viewFilter(view) }));
	const title = listTitle(filter, VIEWS, savedViews);
	byId("title").textContent = title;
	// Seen in the tab also while another one is open.
	const unread = filteredPages().reduce((sum, page) => sum + page.unread, 0);
	document.title = `${unread ? `(${formatNumber(unread)}) ` : ""}${title} – Inbox`;
	drawChips(filterParts(filter, { tags, pages }), filter, saveView);
}

function drawChips(parts, filter, saveView) {
	const container = byId("chips");
	container.hidden = isEmptyFilter(filter);
	fill(
		container,
		parts.map(filterChip),
		parts.filter(({ mode }) => mode === "include").length > 1 && matchSwitch(filter),
		button("Save as view", saveView, "link"),
		button("Clear", () => navigate({ filter: {} }), "link"),
	);
}

function filterChip({ label, mode, tag, without }) {
	const text = `${mode === "exclude" ? "Not " : ""}${label}`;
	const attributes = { "aria-label": `Remove filter: ${text}` };
	return tagChip(
		tag,
		mode,
		text,
		button("×", () => navigate({ filter: without }), "remove", attributes),
	);
}

function matchSwitch(filter) {
	const option = (mode, label) => {
		const attributes = { "aria-pressed": String(mode === (filter.include_mode ?? "")) };
		return button(label, () => updateFilter({ include_mode: mode }), "segment", attributes);
	};
	const attributes = { role: "group", "aria-label": "Included tags" };
	return h("span.segments", attributes, option("", "Match any"), option("all", "Match all"));
}

function drawTotal({ list: { status, total, isExact } }) {
	const isUnknown = total === null || status === "error";
	byId("total").textContent = isUnknown ? "" : `${isExact ? "" : "about "}${formatNumber(total)}`;
	byId("list").classList.toggle("loading", status === "loading");
}

function drawToggles({ isFilterFormOpen, insight }) {
	byId("filters").hidden = !isFilterFormOpen;
	byId("filter-toggle").setAttribute("aria-expanded", String(isFilterFormOpen));
	byId("insight-toggle").setAttribute("aria-pressed", String(insight));
}
