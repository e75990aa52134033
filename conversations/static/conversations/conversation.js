// The page of one conversation: loads older messages while the user scrolls up, handles the keys j, k and u,
// and shows that a submitted form is being processed.

import { gettext } from "/static/inbox/app/core/texts.mjs";
import { fetchDocument } from "./html.js";

const PRELOAD_MARGIN = "800px"; // above the visible part: the next messages are loaded this far ahead

const timeline = document.querySelector(".inbox-timeline");
const list = timeline?.querySelector("ol");
const status = timeline?.querySelector("[data-status-text]");
const observer =
	timeline &&
	new IntersectionObserver(onIntersect, { root: timeline, rootMargin: `${PRELOAD_MARGIN} 0px 0px 0px` });

function onIntersect(entries) {
	const visible = entries.find((entry) => entry.isIntersecting);
	if (visible) load(visible.target);
}

async function load(link) {
	observer.unobserve(link);
	timeline.setAttribute("aria-busy", "true");
	link.textContent = gettext("Loading older messages …");
	try {
		prepend(link, (await fetchDocument(link.dataset.older)).body);
	} catch {
		// The link still leads to the older messages; another attempt is one click away.
		link.textContent = gettext("Older messages could not be loaded. Try again");
		link.addEventListener("click", retry, { once: true });
	} finally {
		timeline.removeAttribute("aria-busy");
	}
}

function retry(event) {
	event.preventDefault();
	load(event.currentTarget);
}

// The list is laid out from its end (column-reverse), so items above do not move the visible ones.
function prepend(link, older) {
	const items = [...older.children];
	const next = older.querySelector("[data-older]");
	const count = items.filter((item) => item.matches(".inbox-message")).length;
	const days = items.filter((item) => item.matches(".inbox-day"));
	const first = list.querySelector(".inbox-day");
	if (first && days.at(-1)?.dataset.day === first.dataset.day) first.remove(); // the day continues above
	if (document.activeElement === link) timeline.focus({ preventScroll: true });
	link.closest("li").remove();
	list.prepend(...items);
	status.textContent = next
		? gettext("%(count)s older messages loaded", { count })
		: gettext("Start of conversation");
	if (next) observer.observe(next);
}

function onKey(event) {
	if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
	if (event.target.closest("input, textarea, select, [contenteditable], [role=dialog]")) return;
	document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
}

function onSubmit(event) {
	const form = event.target.closest("[data-busy]");
	const button = form?.querySelector("button");
	if (!button) return;
	button.textContent = form.dataset.busy;
	button.setAttribute("aria-busy", "true");
	setTimeout(() => (button.disabled = true)); // after the form was submitted
}

const older = list?.querySelector("[data-older]");
if (older) observer.observe(older);
document.addEventListener("keydown", onKey);
document.addEventListener("submit", onSubmit);
// A page from the back/forward cache would keep its disabled buttons: load it again.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
