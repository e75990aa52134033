// The state of the page, navigation between addresses, and the user's Pages and roles.
//
// Views call `watch`, and what follows from a change `when`: see state.mjs.

import { closeLayers, returnToList, startEntries, writeAddress } from "./entries.mjs";
import { fold } from "./folding.mjs";
import { isCompact } from "./preferences.mjs";
import { createState } from "./state.mjs";
import { around } from "./targets.mjs";
import { isSameFilter, normalize, parseUrl, toUrl } from "./url.mjs";

/**
 * What the server sends is not typed: rows, Pages, tags and views are as docs/api.md says.
 * @typedef {object} State
 * @property {Record<string, string>} filter
 * @property {number | null} openId of the open conversation
 * @property {boolean} insight
 * @property {Set<number>} selection
 * @property {number | null} anchor the row from which a range is selected
 * @property {boolean} isAllSelected all that match the filter, also those that are not loaded
 * @property {{name: string | undefined, isSuperuser: boolean, isStaff: boolean, superusers: string[]}} user
 * @property {any[] | null} pages
 * @property {any[] | null} tags
 * @property {any[] | null} views
 * @property {any[] | null} invalidViews the user's own whose filter is not valid any more
 * @property {Record<string, any>} counts
 * @property {Record<string, any>} viewCounts of saved views, by ID
 * @property {{id: number | null, messages: any[]} | null} outgoing messages of the conversation with this ID that are on their way
 * @property {{conversationId: number | null, id: number, text: string} | null} quote the message that is to be quoted
 * @property {"answer" | "note"} writing what an agent writes in the open conversation
 * @property {any} moved the saved view that is being dragged
 * @property {any} setupError
 * @property {typeof NO_ROWS} list
 * @property {number | null} cursor the ID of the row that the keyboard is on
 * @property {any} conversation the open one: its row and events
 * @property {{id: number, others: string[]} | null} people who else has the conversation with this ID open
 * @property {Record<string, any>} runs
 * @property {Record<string, any>} summaries
 * @property {boolean | null} isConnected
 * @property {boolean} isSidebarOpen
 * @property {boolean} isFilterFormOpen
 * @property {boolean} isCompact the rows of the list are low
 */

/**
 * `parts`: where each part of the list begins (a cursor, and the row before it), of which the first ones, `skipped` in
 * number, are not loaded. `people`: of one search for names and messages, those whose name matches.
 * @type {{status: string, rows: any[], people: {rows: any[], total: number, isExact: boolean} | null, parts: {cursor: string, after: any}[], skipped: number, next: string | null, total: number | null, isExact: boolean, error: any, isLoadingMore: boolean, moreError: any}}
 */
export const NO_ROWS = {
	status: "loading",
	rows: [],
	people: null,
	parts: [{ cursor: "", after: null }],
	skipped: 0,
	next: null,
	total: null,
	isExact: true,
	error: null,
	isLoadingMore: false,
	moreError: null,
};
const NO_SELECTION = { selection: new Set(), anchor: null, isAllSelected: false };
const ROLES = ["viewer", "tagger", "agent", "manager", "superuser"];

const { user, superuser, staff, superusers = "" } = document.body.dataset;

/** @type {State} */
export let state = {
	...parseUrl(location.search),
	...NO_SELECTION,
	user: {
		name: user,
		isSuperuser: superuser !== undefined,
		isStaff: staff !== undefined,
		superusers: superusers.split(" ").filter(Boolean), // some of them, to be asked
	},
	pages: null,
	people: null,
	tags: null,
	views: null,
	invalidViews: null,
	counts: {},
	viewCounts: {},
	outgoing: null,
	quote: null,
	writing: "answer",
	moved: null,
	setupError: null,
	list: NO_ROWS,
	cursor: null,
	conversation: null,
	runs: {},
	summaries: {},
	isConnected: null,
	isSidebarOpen: false,
	isFilterFormOpen: false,
	isCompact: isCompact(),
};

const inbox = createState(state, (next) => {
	state = next;
});
export const { set, watch, when } = inbox;

// Nothing is drawn while a button or link is pressed: it must not become another one before it is released.
addEventListener(
	"pointerdown",
	({ button, target }) => {
		if (!button && target instanceof Element && target.closest("a, button")) inbox.hold();
	},
	true,
);
const releaseSoon = () => void setTimeout(inbox.release); // after the click event
for (const type of ["pointerup", "pointercancel", "contextmenu"]) addEventListener(type, releaseSoon, true);
addEventListener("blur", releaseSoon); // of the window; the one of a field would come up only with `true`

export const setList = (change) => set({ list: { ...state.list, ...change } });
export const setConversation = (change) => set({ conversation: { ...state.conversation, ...change } });
/**
 * The conversations of the list in its order: people whose name matches, then the others.
 * @param {Pick<State["list"], "rows" | "people">} list
 */
export function listedRows({ rows, people } = state.list) {
	if (!people?.rows.length) return rows;
	const ids = new Set(people.rows.map(({ id }) => id));
	return [...people.rows, ...rows.filter((row) => !ids.has(row.id) && isSaid(row))];
}

// Not only the name matches: all of these people are behind a link.
const isSaid = ({ matches, last_message: text }) =>
	matches?.count > 0 || fold(text).includes(fold(state.filter.search ?? "").trim());

export const clearSelection = () => set(NO_SELECTION);

/** Returns `previous` if `current` is equal to it, so that unchanged data is not drawn again. */
export function keepIfEqual(previous, current) {
	return JSON.stringify(previous) === JSON.stringify(current) ? previous : current;
}

// -- navigation
/** Shows another filter or opens something. `replace`: without a new entry in the browser's history. */
export function navigate(change, { replace = false } = {}) {
	const { filter, openId, insight } = { ...state, ...change };
	const url = toUrl({ filter, openId, insight });
	const isOpening = isList(state) && !isList({ openId, insight }) && isSameFilter(filter, state.filter);
	closeLayers();
	if (url !== toUrl(state)) writeAddress(url, { replace, isOpening });
	applyUrl({ filter: normalize(filter), openId, insight });
}

const isList = ({ openId, insight }) => !openId && !insight;

/** Closes what is open over the list: back to where it was opened from. */
export function closeOpen() {
	if (returnToList()) applyUrl({ filter: state.filter, openId: null, insight: false });
	else navigate({ openId: null, insight: false });
}

export function updateFilter(change, options) {
	navigate({ filter: { ...state.filter, ...change } }, options);
}

/** Insights replace the open conversation. */
export const toggleInsight = () =>
	state.insight && !state.openId ? closeOpen() : navigate({ insight: true, openId: null });

function applyUrl(next) {
	const isSame = isSameFilter(next.filter, state.filter);
	const reset = isSame ? { filter: state.filter } : { ...NO_SELECTION, cursor: null };
	set({ ...next, isSidebarOpen: false, ...reset });
}

startEntries({
	arrive: () => applyUrl(parseUrl(location.search)),
	// What has changed since then is kept.
	returned: () =>
		location.pathname + location.search !== toUrl(state) && writeAddress(toUrl(state), { replace: true }),
});

// Internal navigation uses real links, so that users can open them in a new tab.
addEventListener("click", (event) => {
	const link = /** @type {HTMLAnchorElement | undefined} */ (around(event, "a[data-navigate]"));
	if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
	event.preventDefault();
	navigate(parseUrl(link.search));
});

// -- Pages and roles
export function findPage(facebookPageId) {
	return state.pages?.find((page) => page.facebook_page_id === facebookPageId);
}

/** The Pages that the filter includes. */
export function filteredPages() {
	const { pages, filter } = state;
	return (pages ?? []).filter((page) => [undefined, page.facebook_page_id].includes(filter.facebookPageId));
}

/** Does the user have this role, or a higher one, on the Page? It decides what is shown; the server checks again. */
export const hasRole = (role, page) => ROLES.indexOf(page?.role) >= ROLES.indexOf(role);
export const hasRoleAnywhere = (role) => Boolean(state.pages?.some((page) => hasRole(role, page)));
