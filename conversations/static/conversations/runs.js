// The list of runs and the page of one run: cells follow the event stream; other parts are fetched again.

import { subscribe } from "/static/inbox/app/core/event-stream.mjs";
import { formatNumber } from "/static/inbox/app/core/format.mjs";
import { doneCount, hasEnded } from "/static/inbox/app/core/run-state.mjs";
import { describeStatus } from "./formatting.js";
import { fetchDocument } from "./html.js";
import { isLeaving } from "./leaving.js";
import { moveBar } from "./sync-panel.js";

const INTERVAL_MS = 5000;

// Returns a function that calls `work` at most once per interval, or at once if urgent; never twice at a time.
function throttle(work) {
	let last = 0;
	let timer = 0;
	let working = null;
	return (isUrgent) => {
		clearTimeout(timer);
		timer = setTimeout(
			async () => {
				await working;
				last = Date.now();
				working = work();
			},
			isUrgent ? 0 : Math.max(0, last + INTERVAL_MS - Date.now()),
		);
	};
}

// Resolves with null if the server is unreachable: the stream shows that and triggers another attempt later.
const fetchOrNull = (url) => fetchDocument(url).catch(() => null);

// -- one run
const page = document.querySelector("[data-run-page]");

function replacePart(part, fresh) {
	if (part.contains(document.activeElement)) return;
	if (part.dataset.part === "progress" && !endsNow(part, fresh)) return; // sync-panel.js keeps it current
	if (part.innerHTML === fresh.innerHTML) return;
	const open = [...part.querySelectorAll("details[open]")].map((details) => details.id);
	part.replaceChildren(...fresh.childNodes);
	for (const id of open) part.querySelector(`#${id}`)?.setAttribute("open", "");
}

function endsNow(part, fresh) {
	const [before, now] = [part, fresh].map((root) => root.querySelector(".inbox-sync").dataset);
	return hasEnded(now) && !hasEnded(before);
}

const refreshPage = throttle(async () => {
	const fresh = await fetchOrNull(page.dataset.parts);
	for (const part of fresh?.querySelectorAll("[data-part]") ?? []) {
		replacePart(page.querySelector(`[data-part="${part.dataset.part}"]`), part);
	}
});

if (page) {
	subscribe({
		onCatchUp: () => refreshPage(true), // the run may have ended while the stream was closed
		onRun: (state) => {
			if (state.run === Number(page.dataset.runPage)) refreshPage(hasEnded(state));
		},
	});
}

// -- the list
const list = document.querySelector("[data-stream=all]");

function updateRow(cells, state) {
	const texts = {
		done: formatNumber(doneCount(state)),
		inserted: formatNumber(state.inserted),
		eventsCreated: formatNumber(state.eventsCreated),
	};
	for (const cell of cells) {
		if (cell.dataset.show === "bar") {
			moveBar(cell, state);
		} else if (cell.dataset.show === "status") {
			cell.textContent = describeStatus(state.status);
			cell.dataset.status = state.status;
		} else {
			cell.textContent = texts[cell.dataset.show];
		}
	}
}

const refreshList = throttle(async () => {
	const fresh = await fetchOrNull(location.href);
	const [before, now] = [document, fresh].map((root) => root?.querySelector("#result_list"));
	if (now && !before && !isLeaving()) location.reload(); // the list was empty before
	if (now && before && !before.contains(document.activeElement)) before.replaceChildren(...now.childNodes);
});

function isNew(run) {
	const runs = [...document.querySelectorAll("#result_list [data-run]")].map((cell) =>
		Number(cell.dataset.run),
	);
	return run > Math.max(0, ...runs);
}

if (list) {
	subscribe({
		onCatchUp: () => refreshList(true),
		onRun: (state) => {
			const cells = document.querySelectorAll(`#result_list [data-run="${state.run}"]`);
			updateRow(cells, state);
			if (cells.length ? hasEnded(state) : "top" in list.dataset && isNew(state.run)) refreshList(true);
		},
	});
}
