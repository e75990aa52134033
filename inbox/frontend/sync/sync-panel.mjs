// The sync panel of a Page: the button, the progress bar, the rate, the wait and the summary of the last run.

import { button, h } from "../core/dom.mjs";
import { formatDuration, formatNumber, formatShortTime, plural } from "../core/format.mjs";
import { describeRate, doneCount, STATUS_LABELS } from "../core/run-state.mjs";
import { hasRole, set, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { cancelSync, isRunning, runOf, samplesOf, startSync } from "./sync-runs.mjs";

let loadSummary = null;

export function syncPanel(page) {
	const run = runOf(page);
	const isManager = hasRole("manager", page);
	return h(
		"div.sync",
		{
			role: "group",
			"aria-label": gettext("Sync of %(page)s", { page: page.name }),
			"data-status": run?.status,
		},
		page.state === "reconnect" &&
			h("p.error", gettext("Reconnect needed. %(reason)s", { reason: page.reason })),
		isRunning(page) ? runningPanel(page, run, isManager) : idlePanel(page, run, isManager),
	);
}

// -- during a run
function runningPanel(page, run, isManager) {
	const done = doneCount(run);
	const isTotalKnown = run.total > done; // the first run of a Page only knows what is listed so far
	const bar = {
		"aria-label": gettext("Sync of %(page)s", { page: page.name }),
		max: run.total || 1,
		value: isTotalKnown ? done : null,
	};
	const count = formatNumber(done);
	const progress = isTotalKnown
		? gettext("%(count)s of %(total)s", { count, total: formatNumber(run.total) })
		: gettext("%(count)s so far", { count });
	return [
		h("progress", bar),
		h("p", h("strong", STATUS_LABELS[run.status]), done > 0 && ` · ${progress}`),
		h("p.quiet", rateText(page, run)),
		isManager && run.message && run.waitsUntil && h("p.quiet", run.message),
		isManager && button(gettext("Cancel sync"), () => cancelSync(run), "link"),
	];
}

function rateText(page, run) {
	if (run.waitsUntil)
		return gettext("Resumes in %(duration)s", {
			duration: formatDuration(Math.round((run.waitsUntil - Date.now()) / 1000)),
		});
	const parts = [
		describeRate(samplesOf(page)),
		run.eventsCreated && plural(run.eventsCreated, "%(count)s new message", "%(count)s new messages"),
	];
	return parts.filter(Boolean).join(" · ") || gettext("You can close this page; the sync continues.");
}

// -- before and after
const PROBLEM_LABELS = { silent: gettext("Webhooks are missing"), lost: gettext("Webhooks have ended") };

/** Whether webhooks bring its messages: some have come, and none is known to be missing. */
export const isLive = ({ live }) => live.state === "subscribed" && live.lastEventAt !== null;

function idlePanel(page, run, isManager) {
	const isCancelled = run?.status === "cancelled";
	const hasFailed = run && run.status !== "complete" && !isCancelled;
	const lastSync = page.lastSync
		? gettext("Synced %(time)s", { time: formatShortTime(page.lastSync) })
		: gettext("Never synced");
	const ended = isCancelled
		? gettext("Cancelled. What was synced stays, and the next sync goes on from there.")
		: hasFailed && `${STATUS_LABELS[run.status]}. ${run.message}`;
	const text = ended || lastSync;
	const live = isLive(page) ? gettext("Live") : PROBLEM_LABELS[page.live.state];
	const syncButton = isManager && button(gettext("Sync now"), () => startSync(page), "button.small.plain");
	return [
		live && h("p.quiet", live, page.live.reason && `. ${page.live.reason}`),
		h(hasFailed ? "p.error" : "p.quiet", text),
		h("p.sync-actions", syncButton, run && summaryOf(page, run)),
	];
}

function summaryOf(page, run) {
	const summary = state.summaries[run.run];
	if (!summary) return button(gettext("Last sync details"), () => loadSummary(page, run.run), "link");
	return h(
		"div.summary",
		{ role: "status" },
		summary.sentences.map((text) => h("p", text)),
		h(
			"ul",
			summary.reasons.map((text) => h("li", text)),
		),
	);
}

/** `loadSummary(page, runId)`: loads the summary of a run into `state.summaries`. */
export function startSyncPanels(options) {
	loadSummary = options.loadSummary;
	// Draws the countdowns every second.
	setInterval(() => {
		if (state.pages?.some((page) => isRunning(page) && runOf(page).waitsUntil))
			set({ runs: { ...state.runs } });
	}, 1000);
}
