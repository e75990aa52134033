// Keeps the sync panels of a page current: the server draws the first state, events of the stream update it.

import { subscribe } from "/static/inbox/app/core/event-stream.mjs";
import { formatDuration, formatNumber, formatTime } from "/static/inbox/app/core/format.mjs";
import {
	addSample,
	describeRate,
	doneCount,
	hasEnded,
	isWaiting,
} from "/static/inbox/app/core/run-state.mjs";
import { gettext } from "/static/inbox/app/core/texts.mjs";
import { describeResult, describeStatus, isPrivate } from "./formatting.js";

const samples = new Map(); // by Facebook Page ID
const timers = new WeakMap(); // by panel

const part = (panel, name) => panel.querySelector(`[data-show="${name}"]`);

function setText(panel, name, text) {
	part(panel, name).textContent = text;
}

function setHidden(panel, name, isHidden) {
	const element = part(panel, name);
	if (element) element.hidden = isHidden;
}

function update(panel, state) {
	const run = Number(panel.dataset.run);
	// Ignore an event of an older run and, on the page of one run, events of any other run.
	if ("only" in panel.dataset ? state.run !== run : state.run < run) return;
	panel.dataset.run = state.run;
	panel.dataset.status = state.status;
	setText(panel, "status", describeStatus(state.status));
	setText(panel, "message", isPrivate(state) && !("errors" in panel.dataset) ? "" : state.message);
	for (const counter of panel.querySelectorAll("dd[data-show]")) {
		counter.textContent = formatNumber(state[counter.dataset.show]);
	}
	setText(panel, "rate", hasEnded(state) ? describeResult(state) : rateText(state));
	setHidden(panel, "skips", !(hasEnded(state) && state.skipped));
	moveBar(part(panel, "bar"), state);
	countDown(panel, isWaiting(state), state.seconds);
	announce(panel, state);
	updateControls(panel, state);
}

const rateText = (state) => (isWaiting(state) ? "" : describeRate(samples.get(state.page_id)));

export function moveBar(bar, state) {
	bar.ariaValueText = gettext("%(count)s of %(total)s", {
		count: formatNumber(doneCount(state)),
		total: formatNumber(state.total),
	});
	if (!state.total && !hasEnded(state)) {
		bar.removeAttribute("value"); // indeterminate: the total is not known yet
	} else {
		bar.max = state.total || 1;
		bar.value = state.total ? doneCount(state) : 1;
	}
}

function countDown(panel, isPaused, seconds) {
	clearInterval(timers.get(panel));
	const until = Date.now() + 1000 * (seconds || 0); // computed from the clock: timers of background tabs are slow
	const tick = () => {
		const left = Math.round((until - Date.now()) / 1000);
		setText(
			panel,
			"seconds",
			isPaused
				? left > 0
					? gettext("Resumes in %(duration)s", { duration: formatDuration(left) })
					: gettext("Waiting for Facebook")
				: "",
		);
		if (left <= 0 || !panel.isConnected) clearInterval(timers.get(panel));
	};
	setText(
		panel,
		"until",
		isPaused && seconds ? gettext("at %(time)s", { time: formatTime(until, panel.dataset.timeZone) }) : "",
	);
	timers.set(panel, setInterval(tick, 1000));
	tick();
}

// For screen readers: announces each new status and each quarter of the progress, not every number.
function announce(panel, state) {
	const quarter = state.total && !hasEnded(state) ? Math.floor((4 * doneCount(state)) / state.total) : 0;
	const status = gettext("Sync: %(status)s", { status: describeStatus(state.status).toLowerCase() });
	const text = quarter ? `${status}, ${25 * quarter} %` : status;
	const region = part(panel, "announcement");
	if (region.textContent !== text) region.textContent = text;
}

function updateControls(panel, state) {
	setHidden(panel, "again", !hasEnded(state));
	setHidden(panel, "cancel", hasEnded(state));
	setHidden(panel, "link", false);
	const [form, link] = [part(panel, "cancel"), part(panel, "link")];
	if (form) form.action = form.getAttribute("action").replace(/\d+(?=\/cancel\/$)/, state.run);
	if (link) {
		link.href = link.getAttribute("href").replace(/\d+(?=\/change\/$)/, state.run);
		link.textContent = gettext("Run %(number)s", { number: state.run });
	}
}

const panels = () => document.querySelectorAll(".inbox-sync");

// Until the first event.
for (const panel of panels()) countDown(panel, isWaiting(panel.dataset), Number(panel.dataset.seconds));

subscribe({
	onConnected: (isConnected) => {
		document.documentElement.dataset.connection = isConnected ? "open" : "lost"; // the style sheet shows it
	},
	onRun: (state) => {
		samples.set(state.page_id, addSample(samples.get(state.page_id) ?? [], state));
		// Query again each time: the script of a run's page may have replaced its panel.
		for (const panel of panels()) {
			if (panel.dataset.page === state.page_id) update(panel, state);
		}
	},
});
