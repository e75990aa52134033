// What is shown in place of the rows: loading, no results, an error; with what the user can do.

import { button, fill, h, update } from "../core/dom.mjs";
import { filteredPages, hasRole, navigate, state, watch } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
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
	if (list.status === "short")
		return message(gettext("Search in messages"), gettext("Enter at least three characters."));
	if (list.rows.length || list.people?.rows.length) return null;
	if (list.status === "loading" || !state.pages) return message(gettext("Loading…"));
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
		return message(
			gettext("This Page is not here any more, or you have no access to it"),
			clearFilterButton(),
		);
	if (error.status !== 400) {
		const retry = button(gettext("Try again"), () => loadList());
		return message(gettext("Couldn't load the conversations"), h("p.error", error.message), retry);
	}
	const { filter } = state;
	const without = { ...filter, [error.field]: "" };
	return message(
		gettext("A part of this address is not a filter"),
		h("p.error", error.message),
		filter[error.field] && button(gettext("Remove this part"), () => navigate({ filter: without })),
		clearFilterButton(),
	);
}

const clearFilterButton = () => button(gettext("Clear filters"), () => navigate({ filter: {} }));

function noPages() {
	if (!state.user.isSuperuser) {
		const hint = gettext("Ask an administrator of this Inbox to give you a role on a Page, then reload.");
		return message(gettext("You don't have access to a Page yet"), hint);
	}
	return message(
		gettext("No Page is connected yet"),
		gettext("Connect a Page, then sync its conversations."),
		h("p", h("a", { href: "/admin/conversations/page/connect/" }, gettext("Connect a Page"))),
	);
}

function noConversations() {
	if (filteredPages().some(isRunning)) {
		return message(gettext("Syncing the first conversations"), gettext("They appear here as they arrive."));
	}
	const managedPages = filteredPages().filter((page) => hasRole("manager", page));
	if (!managedPages.length) {
		return message(
			gettext("No conversations yet"),
			gettext("They appear here once a manager of the Page has synced it."),
		);
	}
	const syncButtons = managedPages.map((page) =>
		button(gettext("Sync %(page)s", { page: page.name }), () => startSync(page)),
	);
	return message(
		gettext("No conversations yet"),
		gettext("Sync the Page to import all its conversations."),
		syncButtons,
	);
}

function noResults(filter) {
	const isPart = filter.search && filter.search_in !== "all";
	const hint = filter.search
		? gettext("No conversation matches “%(search)s” with these filters.", { search: filter.search })
		: gettext("No conversation matches these filters.");
	return message(
		gettext("No results"),
		hint,
		isPart &&
			button(gettext("Search names and all messages"), () =>
				navigate({ filter: { ...filter, search_in: "all" } }),
			),
		clearFilterButton(),
	);
}
