// Searches while the user types. The URL follows; text typed without a longer pause is one step of the history.

import { gettext } from "/static/inbox/app/core/texts.mjs";
import { show } from "./results.js";

const DEBOUNCE_MS = 300;
const NEW_STEP_MS = 3000;
const input = document.getElementById("searchbar");
let timer;
let lastSearchAt = 0;

function searchUrl() {
	const url = new URL(location.href);
	const term = input.value.trim();
	url.searchParams.delete("p");
	term ? url.searchParams.set("q", term) : url.searchParams.delete("q");
	return url.href;
}

function search() {
	clearTimeout(timer);
	const url = searchUrl();
	if (url === location.href) return;
	const isNewStep = Date.now() - lastSearchAt > NEW_STEP_MS;
	lastSearchAt = Date.now();
	history[isNewStep ? "pushState" : "replaceState"]({}, "", url);
	show(url);
}

input.addEventListener("input", (event) => {
	clearTimeout(timer);
	if (!event.isComposing) timer = setTimeout(search, DEBOUNCE_MS); // an unfinished character is not searched for
});
input.addEventListener("compositionend", () => (timer = setTimeout(search, DEBOUNCE_MS)));
input.form.addEventListener("submit", (event) => {
	event.preventDefault();
	search();
});
addEventListener("popstate", () => {
	clearTimeout(timer);
	input.value = new URL(location.href).searchParams.get("q") ?? "";
	lastSearchAt = 0;
	show(location.href);
});
input.setAttribute("aria-label", gettext("Search conversations"));
