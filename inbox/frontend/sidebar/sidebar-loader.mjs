// Loads what the sidebar shows: Pages, tags, saved views, and the number of conversations in each view.

import { get, isAborted } from "../core/api.mjs";
import { rateLimited } from "../core/refresh.mjs";
import { filteredPages, keepIfEqual, set, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { toParameters, viewFilter } from "../core/url.mjs";
import { refreshTotal } from "../list/list-loader.mjs";

// Each view is a filter. `pageField`: the field of the Pages whose sum is the count; `rest`: all but those views; without
// either the server counts.
const OPEN = { status: "active", snoozed: "false" };
export const VIEWS = [
	{ name: gettext("All"), icon: "all", filter: {}, pageField: "conversations" },
	{ name: gettext("Open"), icon: "open", filter: OPEN },
	{ name: gettext("Mine"), icon: "person", filter: { ...OPEN, assignee: "me" } },
	{ name: gettext("Unassigned"), icon: "untagged", filter: { ...OPEN, assignee: "none" } },
	{ name: gettext("Mentions"), icon: "mention", filter: { mentioned: "me" } },
	{ name: gettext("Needs reply (over 24 h)"), icon: "waiting", filter: { waiting: "true" } },
	{ name: gettext("Unread"), icon: "unread", filter: { unread: "true" }, pageField: "unread" },
	{ name: gettext("Untagged"), icon: "untagged", filter: { untagged: "true" } },
	{ name: gettext("Snoozed"), icon: "snooze", filter: { snoozed: "true" } },
	{
		name: gettext("Done"),
		icon: "done",
		filter: { status: "done" },
		rest: [gettext("Open"), gettext("Snoozed")],
	},
];

let moves = 0; // of saved views: an answer may be older than one

/** The user has changed the order of the saved views: answers that are on their way do not have it. */
export const noteMove = () => {
	moves += 1;
};

const loader = (name, parts) => async () => {
	const before = moves;
	try {
		const response = await get(`/api/${name}`);
		if (name === "views" && before !== moves) return;
		const loaded = Object.entries(parts).map(([key, part]) => [key, keepIfEqual(state[key], response[part])]);
		set({ ...Object.fromEntries(loaded), setupError: null });
	} catch (setupError) {
		if (!isAborted(setupError)) set({ setupError });
	}
};

export const loadViews = loader("views", { views: "views", invalidViews: "invalid" });
export const loadTags = loader("tags", { tags: "tags" });
const loadPages = loader("pages", { pages: "pages" });

/** Loads the count of each view for the selected Page. Errors are ignored: the list works without the counts. */
export async function loadCounts() {
	const { facebookPageId } = state.filter;
	const pageFilter = facebookPageId ? { facebookPageId } : {};
	const counted = await Promise.all(
		VIEWS.filter(({ rest }) => !rest).map(async ({ name, filter, pageField }) => {
			const count = pageField ? sumOfPages(pageField) : await fetchCount({ ...pageFilter, ...filter });
			return [name, count];
		}),
	);
	const counts = Object.fromEntries(counted);
	for (const { name, filter, rest } of VIEWS) {
		if (rest)
			counts[name] =
				without(
					counts.All,
					rest.map((view) => counts[view]),
				) ?? (await fetchCount({ ...pageFilter, ...filter }));
	}
	if (facebookPageId === state.filter.facebookPageId) set({ counts });
}

/** The number of all conversations but these; null if one of the numbers is an estimate. */
function without(all, parts) {
	if (![all, ...parts].every((count) => count?.isExact)) return null;
	const rest = parts.reduce((number, part) => number - part.number, all.number);
	return { number: Math.max(0, rest), isExact: true };
}

function sumOfPages(field) {
	return (
		state.pages && { number: filteredPages().reduce((sum, page) => sum + page[field], 0), isExact: true }
	);
}

async function fetchCount(filter) {
	const query = { ...filter, limit: 1, total: "estimate" };
	const { pagination } = await get("/api/conversations", query).catch(() => ({}));
	return pagination && { number: pagination.total, isExact: pagination.totalIsExact };
}

export async function loadSidebar() {
	await Promise.all([loadPages(), loadTags()]);
	await loadCounts();
}

// -- saved views: counted after the rows are there, one after the other, and seldom: a search takes its time
const MAX_COUNTED_VIEWS = 20;
const VIEW_COUNT_INTERVALS = { minimum: 30_000, maximum: 120_000 };

/** Counts the first saved views again, at long intervals. */
export const countViewsSoon = rateLimited(() => countViews(() => true), VIEW_COUNT_INTERVALS);

/** Counts those of the first saved views that were not counted with their filter. */
export const countNewViews = () => countViews((view) => state.viewCounts[view.id]?.address !== view.address);

let counting = Promise.resolve();

function countViews(isCounted) {
	counting = counting.then(async () => {
		for (const view of (state.views ?? []).slice(0, MAX_COUNTED_VIEWS).filter(isCounted)) {
			const count = await fetchCount(toParameters(viewFilter(view)));
			if (count) set({ viewCounts: { ...state.viewCounts, [view.id]: { ...count, address: view.address } } });
		}
	});
	return counting;
}

// -- after changes of single conversations
// Eleven requests, and messages follow one another: the numbers may be some seconds old.
const COUNT_INTERVALS = { minimum: 2000, maximum: 15_000 };
const MAX_KNOWN = 5000;
const countSoon = rateLimited(() => Promise.all([loadSidebar(), refreshTotal()]), COUNT_INTERVALS);
const counted = new Map(); // ID → what counts of the conversation, as far as this page has seen it

/** Counts again, unless what counts of these conversations is as before: most are unread already. */
export function handleCounts({ conversationIds, rows }) {
	for (const row of state.list.rows) if (!counted.has(row.id)) counted.set(row.id, countedOf(row));
	const isSame =
		rows?.length === conversationIds.length && rows.every((row) => counted.get(row.id) === countedOf(row));
	for (const row of rows ?? []) counted.set(row.id, countedOf(row));
	if (counted.size > MAX_KNOWN) counted.clear();
	if (isSame) return;
	countSoon();
	countViewsSoon();
}

const countedOf = (row) =>
	[
		row.conversation_status,
		row.unread_count > 0,
		row.assignee?.id,
		row.snoozed_until,
		...row.conversation_tags.map(({ tag }) => tag.id),
	].join();

/** Shows the number of unread conversations of a Page that the event stream tells. */
/** @param {{pageId?: number, unread?: number}} [change] */
export function showUnread({ pageId, unread } = {}) {
	const { pages } = state;
	const page = pages?.find(({ id }) => id === pageId);
	if (!pages || !page || unread === undefined || page.unread === unread) return;
	set({ pages: pages.map((one) => (one === page ? { ...one, unread } : one)) });
	set({ counts: { ...state.counts, Unread: sumOfPages("unread") } });
}
