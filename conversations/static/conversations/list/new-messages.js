// Shows how many conversations of the current list have new messages, with a button that loads them.
// A tab that was hidden requests it again as soon as it is visible.

import { get } from "/static/inbox/app/core/api.mjs";
import { subscribe } from "/static/inbox/app/core/event-stream.mjs";
import { formatNumber } from "/static/inbox/app/core/format.mjs";
import { gettext } from "/static/inbox/app/core/texts.mjs";
import { list, show } from "./results.js";

const INTERVAL_MS = 2000; // the shortest time between two requests
const box = document.getElementById("inbox-new-messages");
let timer;

function requestSoon() {
	if (timer === undefined) timer = setTimeout(request, INTERVAL_MS);
}

async function request() {
	timer = undefined;
	const { newMessages, mark } = list().dataset;
	const parameters = new URLSearchParams(location.search);
	parameters.set("after", mark);
	try {
		const result = await get(newMessages, parameters);
		if (mark === list().dataset.mark) showButton(result); // else another list is shown by now
	} catch {
		// No error is shown: the next event of a sync causes another request.
	}
}

function showButton({ new: count, many }) {
	if (!count) return box.replaceChildren();
	const button = box.querySelector("button") ?? document.createElement("button");
	button.type = "button";
	const number = formatNumber(count);
	button.textContent = many
		? gettext("Show %(number)s or more new", { number })
		: gettext("Show %(number)s new", { number });
	button.onclick = showNewest;
	if (!button.isConnected) box.replaceChildren(button);
}

async function showNewest() {
	const firstPage = new URL(location.href);
	firstPage.searchParams.delete("p");
	history.replaceState({}, "", firstPage);
	await show(firstPage.href);
	document.querySelector("#result_list th a")?.focus();
}

subscribe({
	onCatchUp: requestSoon,
	onRun: ({ page_id: page }) => [undefined, "", page].includes(list().dataset.page) && requestSoon(),
});
addEventListener("inbox:shown", () => box.replaceChildren());
