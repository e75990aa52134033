// Starts and cancels syncs, and keeps the latest state of each Page's sync run.

import { post } from "../core/api.mjs";
import { invalidate } from "../core/refresh.mjs";
import { addSample, hasEnded } from "../core/run-state.mjs";
import { set, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { showError, showMessage } from "../core/toast.mjs";

const samples = {}; // by Facebook Page ID
export const samplesOf = (page) => samples[page.facebook_page_id] ?? [];
export const runOf = (page) => state.runs[page.facebook_page_id];
export const isRunning = (page) => Boolean(runOf(page) && !hasEnded(runOf(page)));

/** Handles a state of a run from the event stream. */
export function handleRun(run) {
	const id = run.page_id;
	const previous = state.runs[id];
	if (previous && run.run < previous.run) return; // a newer run has started
	const waitsUntil = run.seconds === undefined ? null : Date.now() + 1000 * run.seconds;
	samples[id] = addSample(samples[id] ?? [], run);
	set({ runs: { ...state.runs, [id]: { ...run, waitsUntil } } });
	const hasChanged = previous && ["run", "synced", "status"].some((name) => previous[name] !== run[name]);
	if (hasChanged && (hasEnded(run) || run.synced)) invalidate();
	if (previous && !hasEnded(previous) && hasEnded(run)) showEnd(run);
}

function showEnd(run) {
	if (run.status === "error") showError(run);
	else showMessage(run.message);
}

export async function startSync(page) {
	try {
		const body = { pageId: page.id };
		const { run, status } = await post("/api/conversations/sync", body, { Prefer: "respond-async" });
		const counts = { synced: 0, skipped: 0, total: 0, eventsCreated: 0 };
		if (runOf(page)?.run !== run) {
			handleRun({ ...counts, run, status, message: gettext("Queued."), page_id: page.facebook_page_id });
		}
	} catch (error) {
		showError(error);
	}
}

export async function cancelSync({ run }) {
	const onSuccess = () => showMessage(gettext("Cancelling the sync. Conversations that were synced stay."));
	await post(`/api/sync-runs/${run}/cancel`).then(onSuccess, showError);
}
