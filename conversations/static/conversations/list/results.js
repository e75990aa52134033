// Loads the list for another URL and replaces the current one. The search field stays as it is.

import { isAborted } from "/static/inbox/app/core/api.mjs";
import { setServed } from "../changes.js";
import { fetchDocument } from "../html.js";

const PARTS = ["inbox-quick-filters", "changelist-form", "inbox-paging", "inbox-save"];
const input = document.getElementById("searchbar");
let latest = new AbortController();

export const list = () => document.getElementById("inbox-list");
export const currentFilter = () => JSON.parse(document.getElementById("inbox-filter").textContent);

export const refresh = () => show(location.href);

export async function show(url) {
	latest.abort(); // an older response must not replace a newer one
	latest = new AbortController();
	document.getElementById("changelist-form").classList.add("inbox-busy");
	try {
		const next = await fetchDocument(url, { signal: latest.signal });
		setServed(next.body);
		replaceWith(next);
	} catch (error) {
		if (!isAborted(error)) location.assign(url); // the browser shows the problem
	}
}

export function replaceWith(next) {
	for (const id of PARTS) document.getElementById(id).replaceWith(next.getElementById(id));
	updateMenu(next);
	copySearchToFilters();
	const boxes = document.querySelectorAll("tr input.action-select");
	// The admin's own script has to handle the new checkboxes, too.
	if (boxes.length) window.Actions(boxes, { parent: boxes[0].closest(".result-list-wrapper") });
	document.getElementById("inbox-count").textContent = list().dataset.countText;
	dispatchEvent(new Event("inbox:shown"));
}

function updateMenu(next) {
	const links = (root) => root.querySelectorAll("#nav-sidebar-apps a");
	const nextLinks = links(next);
	links(document).forEach((link, index) => {
		link.className = nextLinks[index]?.className ?? link.className;
	});
	markCurrentLink();
}

export function markCurrentLink() {
	for (const link of document.querySelectorAll("#nav-sidebar-apps a")) {
		link.classList.contains("active")
			? link.setAttribute("aria-current", "true")
			: link.removeAttribute("aria-current");
	}
}

// The form of the filters submits the search text along with the filters.
function copySearchToFilters() {
	const form = document.getElementById("filter-form");
	const field = form?.querySelector("input[type=hidden][name=q]") ?? document.createElement("input");
	Object.assign(field, { type: "hidden", name: "q", value: input.value });
	form?.append(field);
}

// The admin's listener fails on a list without checkboxes.
addEventListener(
	"pageshow",
	(event) => document.getElementById("action-toggle") || event.stopImmediatePropagation(),
	true,
);
