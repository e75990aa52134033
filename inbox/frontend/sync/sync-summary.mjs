// The summary of a sync run: its counts, and which conversations were skipped and why.

import { get } from "../core/api.mjs";
import { formatDateTime, formatDuration, formatNumber, plural } from "../core/format.mjs";
import { set, state } from "../core/store.mjs";

const MAX_REQUESTS = 5;
const LIMIT = 1000;
const MISSING_STATES = { owed: "Pending", unreadable: "Unreadable" };

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
		[run.inserted, "new"],
		[run.updated, "updated"],
		[run.unchanged, "unchanged"],
	];
	const parts = counts.filter(([count]) => count).map(([count, label]) => `${formatNumber(count)} ${label}`);
	const details = parts.length ? `: ${parts.join(", ")}` : "";
	return [
		`${plural(run.synced, "conversation")}${details}. ${plural(run.eventsCreated, "new message")}. Duration: ${formatDuration(run.duration)}.`,
		run.skipped > 0 && `${plural(run.skipped, "conversation")} skipped: Facebook doesn't allow access.`,
		run.owed > 0 && `${plural(run.owed, "conversation")} pending: the next sync tries again.`,
		run.error,
		...(run.notes ?? []),
	].filter(Boolean);
}

// What is stored of all that Facebook lists, and what is missing: at the end of the run.
function describeLedger({ ledger, endedAt }) {
	if (!ledger) return [];
	const { threads, messages } = ledger;
	return [
		`As of ${formatDateTime(endedAt)}, Facebook lists ${plural(threads.listed, "conversation")}: ` +
			`${formatNumber(threads.stored)} stored, ${formatNumber(threads.merged)} duplicate, ` +
			`${formatNumber(threads.unreadable)} unreadable, ${formatNumber(threads.owed)} pending.`,
		`Of about ${plural(messages.listed, "message")}, ${formatNumber(messages.held)} are stored and ` +
			`${formatNumber(messages.unreadable)} are unreadable.`,
		ledger.gaps > 0 &&
			`Messages are missing in ${plural(ledger.gaps, "Instagram conversation")}: Instagram shows only the newest 20.`,
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
			const reason = `${MISSING_STATES[thread.state]}: ${thread.reason || "no reason given"}`;
			counts.set(reason, (counts.get(reason) ?? 0) + 1);
			remaining -= 1;
		}
		cursor = pagination.nextCursor;
	}
	const sorted = [...counts].sort(([, first], [, second]) => second - first);
	return sorted.map(([reason, count]) => `${formatNumber(count)} × ${reason}`);
}
