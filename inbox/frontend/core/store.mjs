// The state of the page, navigation between addresses, and the user's Pages and roles.
//
// Views call `watch` and are drawn again when the watched parts of the state change; changes in one task cause one draw.

import { isSameFilter, normalize, parseUrl, toUrl } from "./url.mjs";

export const NO_ROWS = {
	status: "loading",
	rows: [],
	next: null,
	total: null,
	isExact: true,
	error: null,
	isLoadingMore: false,
	moreError: null,
};
const NO_SELECTION = { selection: new Set(), anchor: null, isAllSelected: false };
const ROLES = ["viewer", "tagger", "manager", "superuser"];

const { user, superuser } = document.body.dataset;

export let state = {
	...parseUrl(location.search),
	...NO_SELECTION,
	user: { name: user, isSuperuser: superuser !== undefined },
	pages: null,
	tags: null,
	views: null,
	invalidViews: null, // the user's own whose filter is not valid any more
	counts: {},
	setupError: null,
	list: NO_ROWS,
	cursor: null, // the ID of the row that the keyboard is on
	conversation: null, // the open conversation: its row and events
	runs: {},
	summaries: {},
	isConnected: null,
	isSidebarOpen: false,
	isFilterFormOpen: false,
};

const watchers = [];
let isDrawScheduled = false;
let isPointerDown = false;

// Nothing is drawn while a button or link is pressed: a button that is replaced before the release gets no click.
addEventListener(
	"pointerdown",
	({ button, target }) => {
		isPointerDown = !button && Boolean(target.closest?.("a, button"));
	},
	true,
);
for (const type of ["pointerup", "pointercancel", "contextmenu", "blur"])
	addEventListener(type, onRelease, true);

function onRelease() {
	isPointerDown = false;
	setTimeout(() => isDrawScheduled && draw()); // after the click event
}

function draw() {
	if (isPointerDown) return;
	isDrawScheduled = false;
	for (const watcher of watchers) watcher();
}

export function set(change) {
	state = { ...state, ...change };
	if (!isDrawScheduled) queueMicrotask(draw);
	isDrawScheduled = true;
}

export const setList = (change) => set({ list: { ...state.list, ...change } });
export const setConversation = (change) => set({ conversation: { ...state.conversation, ...change } });
export const clearSelection = () => set(NO_SELECTION);

/** Calls `draw(state)` whenever one of these parts of the state changes, e.g. "filter conversation.status". */
export function watch(names, draw) {
	const paths = names.split(" ").map((name) => name.split("."));
	let previous = [];
	watchers.push(() => {
		const current = paths.map((path) => path.reduce((part, key) => part?.[key], state));
		if (previous.length && current.every((part, index) => Object.is(part, previous[index]))) return;
		previous = current;
		draw(state);
	});
}

/** Returns `previous` if `current` is equal to it, so that unchanged data is not drawn again. */
export function keepIfEqual(previous, current) {
	return JSON.stringify(previous) === JSON.stringify(current) ? previous : current;
}

// -- navigation
/** Shows another filter or opens something. `replace`: without a new entry in the browser's history. */
export function navigate(change, { replace = false } = {}) {
	const { filter, openId, insight } = { ...state, ...change };
	const url = toUrl({ filter, openId, insight });
	if (url !== toUrl(state)) history[replace ? "replaceState" : "pushState"](null, "", url);
	applyUrl({ filter: normalize(filter), openId, insight });
}

export function updateFilter(change, options) {
	navigate({ filter: { ...state.filter, ...change } }, options);
}

/** Insights replace the open conversation. */
export const toggleInsight = () => navigate({ insight: !state.insight, openId: null });

function applyUrl(next) {
	const isSame = isSameFilter(next.filter, state.filter);
	const reset = isSame ? { filter: state.filter } : { ...NO_SELECTION, cursor: null };
	set({ ...next, isSidebarOpen: false, ...reset });
}

addEventListener("popstate", () => applyUrl(parseUrl(location.search)));

// Internal navigation uses real links, so that users can open them in a new tab.
addEventListener("click", (event) => {
	const link = event.target.closest?.("a[data-navigate]");
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
