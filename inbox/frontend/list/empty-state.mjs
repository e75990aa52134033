// What is shown in place of the rows: loading, no results, an error; with what the user can do.

import { button, fill, h, update } from "../core/dom.mjs";
import { filteredPages, hasRole, navigate, state, watch } from "../core/store.mjs";
import { isSameFilter } from "../core/url.mjs";
import { isRunning, startSync } from "../sync/sync-runs.mjs";
import { loadList } from "./list-loader.mjs";

let isStarted = false;

/** Starts when there are no rows for the first time; further calls do nothing. */
export function startEmptyState() {
	if (isStarted) return;
	isStarted = true;
	watch(
		({ list, pages, filter, runs }) => [
			list.status,
			list.rows.length,
			list.people,
			list.error,
			pages,
			filter,
			runs,
		],
		draw,
	);
}

function draw({ list, filter }) {
	const content = contentFor(list, filter);
	update("list-state", { hidden: !content });
	update("scroller", { class: { empty: Boolean(content) && !list.rows.length } });
	fill("list-state", content);
}

function contentFor(list, filter) {
	if (list.status === "error") return errorMessage(list.error);
	if (list.status === "short") return message("Search in messages", "Enter at least three characters.");
	if (list.rows.length || list.people?.rows.length) return null;
	if (list.status === "loading" || !state.pages) return message("Loading…");
	if (!state.pages.length) return noPages();
	return isSameFilter(filter, { facebookPageId: filter.facebookPageId })
		? noConversations()
		: noResults(filter);
}

function message(heading, ...more) {
	const paragraphs = more.map((item) => (typeof item === "string" ? h("p", item) : item));
	return h("div.state-message", h("p.state-heading", heading), paragraphs);
}

function errorMessage(error) {
	if (error.status === 404)
		return message("This Page is not here any more, or you have no access to it", clearFilterButton());
	if (error.status !== 400) {
		const retry = button("Try again", () => loadList());
		return message("Couldn't load the conversations", h("p.error", error.message), retry);
	}
	const { filter } = state;
	const without = { ...filter, [error.field]: "" };
	return message(
		"A part of this address is not a filter",
		h("p.error", error.message),
		filter[error.field] && button("Remove this part", () => navigate({ filter: without })),
		clearFilterButton(),
	);
}

const clearFilterButton = () => button("Clear filters", () => navigate({ filter: {} }));

function noPages() {
	if (!state.user.isSuperuser) {
		const hint = "Ask an administrator of this Inbox to give you a role on a Page, then reload.";
		return message("You don't have access to a Page yet", hint);
	}
	return message(
		"No Page is connected yet",
		"Connect a Page, then sync its conversations.",
		h("p", h("a", { href: "/admin/conversations/page/connect/" }, "Connect a Page")),
	);
}

function noConversations() {
	if (filteredPages().some(isRunning)) {
		return message("Syncing the first conversations", "They appear here as they arrive.");
	}
	const managedPages = filteredPages().filter((page) => hasRole("manager", page));
	if (!managedPages.length) {
		return message("No conversations yet", "They appear here once a manager of the Page has synced it.");
	}
	const syncButtons = managedPages.map((page) => button(`Sync ${page.name}`, () => startSync(page)));
	return message("No conversations yet", "Sync the Page to import all its conversations.", syncButtons);
}

function noResults(filter) {
	const isPart = filter.search && filter.search_in !== "all";
	const hint = filter.search
		? `No conversation matches “${filter.search}” with these filters.`
		: "No conversation matches these filters.";
	return message(
		"No results",
		hint,
		isPart &&
			button("Search names and all messages", () => navigate({ filter: { ...filter, search_in: "all" } })),
		clearFilterButton(),
	);
}
