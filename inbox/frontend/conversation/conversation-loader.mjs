// Loads the open conversation: its row, and its events from the newest backwards.

import { get, isAborted, post } from "../core/api.mjs";
import { keepIfEqual, set, setConversation, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { showError, showMessage } from "../core/toast.mjs";
import { updateRows } from "../list/list-loader.mjs";

const LIMIT = 50; // events per request
const REFRESH_LIMIT = 200; // events of a refresh: older ones may have been edited, too
const SEARCH_LIMIT = 200; // events per request on the way back to a message that a search found
const MAX_SEARCH_REQUESTS = 25;

let controller = null;
let opening = null;

const EMPTY = { row: null, events: [], next: null };

const route = (id, suffix = "") => `/api/conversations/${id}${suffix}`;

export function openConversation(id) {
	controller?.abort();
	controller = new AbortController();
	opening = id ? loadFirst(id) : set({ conversation: null });
}

async function loadFirst(id) {
	const row = state.list.rows.find((listed) => listed.id === id) ?? null;
	set({ conversation: { id, ...EMPTY, row, status: "loading", error: null, matchId: row?.matches?.event } });
	try {
		const [loadedRow, { events, pagination }] = await fetchConversation(id);
		setConversation({ row: loadedRow, status: "ready", events, next: pagination.nextCursor });
	} catch (error) {
		if (!isAborted(error)) setConversation({ status: "error", error });
	}
}

async function fetchConversation(id, limit = LIMIT) {
	const { signal } = controller;
	const [{ conversation }, part] = await Promise.all([
		get(route(id), {}, { signal }),
		get(route(id, "/events"), { limit }, { signal }),
	]);
	return [conversation, part];
}

export async function loadOlder(limit = LIMIT) {
	const { id, next, isLoadingOlder, status, events: before } = state.conversation ?? {};
	if (status !== "ready" || !next || isLoadingOlder) return;
	setConversation({ isLoadingOlder: true });
	try {
		const query = { limit, cursor: next };
		const { events, pagination } = await get(route(id, "/events"), query, { signal: controller.signal });
		const isCurrent = state.conversation.events.some((event) => event.id === before.at(-1).id); // not reset meanwhile
		const ids = new Set(state.conversation.events.map((event) => event.id));
		const added = {
			events: [...state.conversation.events, ...events.filter((event) => !ids.has(event.id))],
			next: pagination.nextCursor,
		};
		setConversation({ isLoadingOlder: false, ...(isCurrent && added) });
	} catch (error) {
		if (isAborted(error)) return;
		setConversation({ isLoadingOlder: false });
		showError(error);
	}
}

/** Loads older events until this one is there. Resolves with whether it was found. */
export async function loadBackTo(eventId) {
	const isLoaded = () => state.conversation?.events.some(({ id }) => id === eventId);
	for (let count = 0; count < MAX_SEARCH_REQUESTS && !isLoaded() && state.conversation?.next; count += 1) {
		await loadOlder(SEARCH_LIMIT);
	}
	return Boolean(isLoaded());
}

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
		const { events, next } = mergeEvents(conversation, part);
		setConversation({
			row: keepIfEqual(conversation.row, row),
			events,
			next,
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
