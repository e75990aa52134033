// The summary of a sync run: its counts, and which conversations were skipped and why.

import { get } from "../core/api.mjs";
import { formatDateTime, formatDuration, formatNumber, plural } from "../core/format.mjs";
import { set, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";

const MAX_REQUESTS = 5;
const LIMIT = 1000;
const MISSING_STATES = { owed: gettext("Pending"), unreadable: gettext("Unreadable") };

/** Loads {sentences, reasons} of a run into `state.summaries`, under the ID of the run. */
export async function loadSummary(page, id) {
	const { sync_run: run } = await get(`/api/sync-runs/${id}`);
	const { unreadable, owed: pending } = run.ledger?.threads ?? { unreadable: run.skipped, owed: run.owed };
	const sentences = [...describeRun(run), ...describeLedger(run)];
	const summary = { sentences, reasons: await fetchReasons(page, unreadable + pending) };
	set({ summaries: { ...state.summaries, [id]: summary } });
}

function describeRun(run) {
	const counts = [
		[run.inserted, gettext("new")],
		[run.updated, gettext("updated")],
		[run.unchanged, gettext("unchanged")],
	];
	const parts = counts.filter(([count]) => count).map(([count, label]) => `${formatNumber(count)} ${label}`);
	const synced = plural(run.synced, "%(count)s conversation", "%(count)s conversations");
	return [
		gettext("%(conversations)s. %(messages)s. Duration: %(duration)s.", {
			conversations: parts.length ? `${synced}: ${parts.join(", ")}` : synced,
			messages: plural(run.eventsCreated, "%(count)s new message", "%(count)s new messages"),
			duration: formatDuration(run.duration),
		}),
		run.skipped > 0 &&
			plural(
				run.skipped,
				"%(count)s conversation skipped: Facebook doesn't allow access.",
				"%(count)s conversations skipped: Facebook doesn't allow access.",
			),
		run.owed > 0 &&
			plural(
				run.owed,
				"%(count)s conversation pending: the next sync tries again.",
				"%(count)s conversations pending: the next sync tries again.",
			),
		run.error,
		...(run.notes ?? []),
	].filter(Boolean);
}

const formattedNumbers = (counts) =>
	Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, formatNumber(count)]));

// What is stored of all that Facebook lists, and what is missing: at the end of the run.
function describeLedger({ ledger, endedAt }) {
	if (!ledger) return [];
	const { threads, messages } = ledger;
	return [
		gettext(
			"As of %(time)s, Facebook lists %(conversations)s: %(stored)s stored, %(merged)s duplicate, %(unreadable)s unreadable, %(owed)s pending.",
			{
				time: formatDateTime(endedAt),
				conversations: plural(threads.listed, "%(count)s conversation", "%(count)s conversations"),
				...formattedNumbers(threads),
			},
		),
		gettext("Of about %(messages)s, %(held)s are stored and %(unreadable)s are unreadable.", {
			messages: plural(messages.listed, "%(count)s message", "%(count)s messages"),
			...formattedNumbers(messages),
		}),
		ledger.gaps > 0 &&
			plural(
				ledger.gaps,
				"Messages are missing in %(count)s Instagram conversation: Instagram shows only the newest 20.",
				"Messages are missing in %(count)s Instagram conversations: Instagram shows only the newest 20.",
			),
	].filter(Boolean);
}

// Counts the reasons, the most frequent first. Stops when `missing` threads are found, or after some requests.
async function fetchReasons(page, missing) {
	const counts = new Map();
	let cursor = "";
	let remaining = missing;
	for (let request = 0; request < MAX_REQUESTS && remaining > 0 && cursor !== null; request += 1) {
		const query = { limit: LIMIT, ...(cursor && { cursor }) };
		const { threads, pagination } = await get(`/api/pages/${page.id}/threads`, query);
		for (const thread of threads.filter(({ state: threadState }) => MISSING_STATES[threadState])) {
			const reason = `${MISSING_STATES[thread.state]}: ${thread.reason || gettext("no reason given")}`;
			counts.set(reason, (counts.get(reason) ?? 0) + 1);
			remaining -= 1;
		}
		cursor = pagination.nextCursor;
	}
	const sorted = [...counts].sort(([, first], [, second]) => second - first);
	return sorted.map(([reason, count]) => `${formatNumber(count)} × ${reason}`);
}
