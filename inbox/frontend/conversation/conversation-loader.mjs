// Loads the open conversation: its row and its events, from the newest backwards, or around one that a search has found.

import { get, isAborted, post } from "../core/api.mjs";
import { keepIfEqual, listedRows, set, setConversation, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { showError, showMessage } from "../core/toast.mjs";
import { textInMessages } from "../core/url.mjs";
import { updateRows } from "../list/list-loader.mjs";

const LIMIT = 50; // events per request
const REFRESH_LIMIT = 200; // events of a refresh: older ones may have been edited, too
const MATCH_LIMIT = 100; // messages with a text, per request

let controller = null;
let opening = null;

// `next` and `previous`: the cursors of older and of newer events; without `previous` the newest are there.
const EMPTY = { row: null, events: [], next: null, previous: null };

const route = (id, suffix = "") => `/api/conversations/${id}${suffix}`;

export function openConversation(id) {
	controller?.abort();
	controller = new AbortController();
	opening = id ? loadFirst(id) : set({ conversation: null });
}

async function loadFirst(id) {
	const row = listedRows().find((listed) => listed.id === id) ?? null;
	const text = row?.matches?.count ? textInMessages(state.filter) : "";
	const matchId = text ? row.matches.event : null;
	const matches = text ? { ...NO_MATCHES, text } : null;
	set({ conversation: { id, ...EMPTY, row, status: "loading", error: null, matchId, matches } });
	try {
		const [loadedRow, { events, pagination }] = await fetchConversation(id);
		setConversation({ row: loadedRow, status: "ready", events, next: pagination.nextCursor });
		if (text) findMatches(text);
	} catch (error) {
		if (!isAborted(error)) setConversation({ status: "error", error });
	}
}

/** Shows the newest messages again. */
export const showNewest = () => openConversation(state.openId);

async function fetchConversation(id, limit = LIMIT) {
	const { signal } = controller;
	const [{ conversation }, part] = await Promise.all([
		get(route(id), {}, { signal }),
		get(route(id, "/events"), { limit }, { signal }),
	]);
	return [conversation, part];
}

const fetchEvents = (id, query) => get(route(id, "/events"), query, { signal: controller.signal });

export async function loadOlder(limit = LIMIT) {
	const { id, next, isLoadingPart, status, events: before } = state.conversation ?? {};
	if (status !== "ready" || !next || isLoadingPart) return;
	await loadPart({ limit, cursor: next }, ({ events, pagination }) => {
		if (!isLoaded(id, before.at(-1))) return {}; // it was reset meanwhile
		const ids = new Set(state.conversation.events.map((event) => event.id));
		const added = events.filter((event) => !ids.has(event.id));
		return { events: [...state.conversation.events, ...added], next: pagination.nextCursor };
	});
}

/** Loads the events after those that are there, if the newest are not. */
export async function loadNewer() {
	const { id, previous, isLoadingPart, status, events: before } = state.conversation ?? {};
	if (status !== "ready" || !previous || isLoadingPart) return;
	await loadPart({ limit: LIMIT, cursor: previous }, ({ events, pagination }) => {
		if (!isLoaded(id, before[0])) return {};
		const ids = new Set(state.conversation.events.map((event) => event.id));
		const added = events.filter((event) => !ids.has(event.id));
		return { events: [...added, ...state.conversation.events], previous: pagination.previousCursor };
	});
}

const isLoaded = (id, event) =>
	state.conversation?.id === id && state.conversation.events.some((one) => one.id === event?.id);

async function loadPart(query, merge) {
	const { id } = state.conversation;
	setConversation({ isLoadingPart: true });
	try {
		const change = merge(await fetchEvents(id, query));
		setConversation({ isLoadingPart: false, ...change });
	} catch (error) {
		if (isAborted(error)) return;
		setConversation({ isLoadingPart: false });
		showError(error);
	}
}

// -- messages with a text: `ids`, newest first, of `total`; `index` is the one that is shown
const NO_MATCHES = { text: "", ids: [], total: null, next: null, index: -1, error: null };

/** Finds the messages of the open conversation with this text, and shows the newest one. */
export async function findMatches(text) {
	const { id } = state.conversation;
	setConversation({ matches: { ...NO_MATCHES, text }, matchId: null });
	const part = await fetchMatches(id, text);
	if (state.conversation?.id !== id || state.conversation.matches?.text !== text) return;
	setConversation({ matches: { ...NO_MATCHES, text, ...part } });
	if (part.ids.length) await showMatch(0);
}

async function fetchMatches(id, text, query = {}) {
	try {
		const { events, pagination } = await fetchEvents(id, { search: text, limit: MATCH_LIMIT, ...query });
		return { ids: events.map((event) => event.id), total: pagination.total, next: pagination.nextCursor };
	} catch (error) {
		return { ids: [], total: 0, next: null, error: isAborted(error) ? null : error };
	}
}

/** Ends the search. */
export const leaveMatches = () => state.conversation && setConversation({ matches: null, matchId: null });

/** Shows the next older match (1), or the next newer one (-1). */
export async function showNextMatch(step) {
	const { id, matches } = state.conversation ?? {};
	if (!matches?.ids.length) return;
	const index = matches.index + step;
	if (index < 0 || index >= matches.total) return;
	if (index >= matches.ids.length) {
		if (!matches.next) return;
		const { ids, next } = await fetchMatches(id, matches.text, { cursor: matches.next });
		if (state.conversation?.matches !== matches) return;
		setConversation({ matches: { ...matches, ids: [...matches.ids, ...ids], next } });
	}
	await showMatch(index);
}

// A message that is not there is loaded with those around it, however far back it is.
async function showMatch(index) {
	const { id, events, matches } = state.conversation;
	const eventId = matches.ids[index];
	if (eventId === undefined) return;
	let around = {};
	if (!events.some((event) => event.id === eventId)) {
		const part = await fetchEvents(id, { around: eventId, limit: LIMIT }).catch(showError);
		if (!part || state.conversation?.matches?.text !== matches.text) return;
		const { nextCursor: next, previousCursor: previous } = part.pagination;
		around = { events: part.events, next, previous };
	}
	setConversation({ ...around, matchId: eventId, matches: { ...state.conversation.matches, index } });
}

// -- changes
/** Reloads the row and the newest events; older events that were loaded stay. */
export async function refreshConversation() {
	await opening; // its requests may be older than the change
	const { id, status } = state.conversation ?? {};
	if (!id) return;
	if (status === "error") return openConversation(id);
	const limit = Math.min(REFRESH_LIMIT, Math.max(LIMIT, state.conversation.events.length));
	try {
		const [row, part] = await fetchConversation(id, limit);
		const { conversation } = state;
		if (conversation?.id !== id) return;
		setConversation({
			row: keepIfEqual(conversation.row, row),
			...(conversation.previous ? {} : mergeEvents(conversation, part)),
		});
		const { matches: _, ...withoutMatches } = row;
		updateRows([id], () => withoutMatches);
	} catch (error) {
		// The conversation is gone, or the user has lost access to it.
		if (error.status === 404) setConversation({ ...EMPTY, status: "error", error });
	}
}

// If the newest part has no event in common with the loaded ones, there is a gap between them: it replaces them.
function mergeEvents(conversation, { events, pagination }) {
	const ids = new Set(events.map(({ id }) => id));
	const lastInCommon = conversation.events.findLastIndex(({ id }) => ids.has(id));
	if (lastInCommon < 0) return { events, next: pagination.nextCursor };
	const older = conversation.events.slice(lastInCommon + 1);
	const merged = [...keepEqual(conversation.events, events), ...older];
	const isSame =
		merged.length === conversation.events.length &&
		merged.every((event, index) => event === conversation.events[index]);
	return {
		events: isSame ? conversation.events : merged,
		next: older.length ? conversation.next : pagination.nextCursor,
	};
}

// Messages that are as before are not drawn again.
function keepEqual(before, events) {
	const byId = new Map(before.map((event) => [event.id, event]));
	return events.map((event) => keepIfEqual(byId.get(event.id), event));
}

/** Makes the server fetch the conversation from Facebook now. */
export async function fetchFromFacebook(id) {
	setConversation({ isFetching: true });
	try {
		await post(route(id, "/refresh"));
		await refreshConversation();
		showMessage(gettext("This conversation is up to date with Facebook."));
	} catch (error) {
		showError(error);
	}
	if (state.conversation?.id === id) setConversation({ isFetching: false });
}
