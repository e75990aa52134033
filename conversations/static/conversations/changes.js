// Every page of the admin follows what others change. Lists, the menu and parts with data-live are replaced; if anything
// else has changed, a notice says so, because somebody may be reading it or filling in a form.

import { subscribe } from "/static/inbox/app/core/event-stream.mjs";
import { invalidate, onInvalidate } from "/static/inbox/app/core/refresh.mjs";
import { gettext } from "/static/inbox/app/core/texts.mjs";
import { fetchDocument } from "./html.js";
import { isLeaving } from "./leaving.js";

const LIST = "#changelist-form";
const PARTS = ["#nav-sidebar-apps", LIST, "#main > :last-child:not(:has(#content))"]; // the last one: page numbers
// Other scripts keep runs current.
const IGNORED = [
	"script",
	"style",
	"template",
	"time",
	"[type=hidden]",
	"[data-part]",
	".inbox-sync",
	"[data-live]",
];

let served = window.servedBody; // what the reader has opened
let shown = served; // with the parts that were replaced since
const notice = document.createElement("div");

/** Another list is shown in this page by now. */
export function setServed(body) {
	served = shown = body.cloneNode(true);
	notice.replaceChildren();
}

async function check() {
	if (isLeaving()) return undefined;
	const url = location.href;
	const { body, status } = await fetchDocument(url).catch((error) => error);
	if (isLeaving()) return undefined; // what the form has changed may be why this page is gone
	// Deleted, or no longer visible: nothing of it should stay on the screen.
	if ([302, 403, 404].includes(status)) return location.reload();
	if (!body) return undefined; // the stream tells when the server is back
	if (url !== location.href) return check(); // another list was asked for meanwhile
	const others = textOf(body, PARTS); // before parts of it move into the page
	replaceLive(body);
	const missed = await replaceParts(body);
	if (missed || others !== textOf(served, PARTS)) showNotice();
	else notice.replaceChildren();
}

// Returns whether a part has changed that cannot be replaced.
async function replaceParts(body) {
	const changed = PARTS.filter(
		(part) => textOf(body.querySelector(part)) !== textOf(shown.querySelector(part)),
	);
	if (!changed.length) return false;
	if (changed.some((part) => !body.querySelector(part) || !document.querySelector(part))) return true;
	if (changed.includes(LIST) && isListInUse()) return true;
	shown = body.cloneNode(true);
	for (const part of changed.filter((part) => part !== LIST)) replace(part, body);
	if (changed.includes(LIST)) await keepingPlace(() => replaceList(body));
	return false;
}

// Counts and the like, which change with every message, and which nobody edits.
function replaceLive(body) {
	for (const fresh of body.querySelectorAll("[data-live]")) {
		const part = document.querySelector(`[data-live="${fresh.dataset.live}"]`);
		if (part && !part.isEqualNode(fresh)) part.replaceWith(document.importNode(fresh, true));
	}
}

function replace(part, body) {
	document.querySelector(part).replaceChildren(...body.querySelector(part).cloneNode(true).childNodes);
}

const isListInUse = () =>
	Boolean(document.querySelector(`:popover-open, ${LIST} input.select-across[value="1"]`));

async function replaceList(body) {
	if (document.getElementById("inbox-list")) {
		const { replaceWith } = await import("./list/results.js");
		return replaceWith(body.ownerDocument);
	}
	replace(LIST, body);
	const boxes = document.querySelectorAll("tr input.action-select");
	if (boxes.length) window.Actions(boxes, { parent: boxes[0].closest(".result-list-wrapper") });
}

// Rows stay selected, and the focus stays on its row.
async function keepingPlace(replaceRows) {
	const form = document.querySelector(LIST);
	const selected = new Set(
		[...form.querySelectorAll("input.action-select:checked")].map(({ value }) => value),
	);
	const focused = form.contains(document.activeElement) ? document.activeElement : null;
	await replaceRows();
	for (const box of document.querySelectorAll(`${LIST} input.action-select`)) {
		if (selected.has(box.value)) box.click();
	}
	const isSame = ({ tagName, href, value }) =>
		tagName === focused.tagName && href === focused.href && value === focused.value;
	if (focused) [...document.querySelectorAll(`${LIST} :is(a, input, button, select)`)].find(isSame)?.focus();
}

// Texts and the values of fields, without what `without` selects.
function textOf(root, without = []) {
	const copy = root?.cloneNode(true) ?? document.createElement("div");
	for (const ignored of copy.querySelectorAll([...IGNORED, ...without].join())) ignored.remove();
	const content = copy.querySelector("#content") ?? copy;
	const values = [...content.querySelectorAll("[value]")].map((field) => field.getAttribute("value"));
	const options = [...content.querySelectorAll("[selected], [checked]")].map((option) => option.value);
	return [content.textContent, ...values, ...options].join(" ").replace(/\s+/g, " ");
}

function showNotice() {
	if (notice.hasChildNodes()) return;
	const button = document.createElement("button");
	Object.assign(button, { type: "button", textContent: gettext("Reload") });
	button.addEventListener("click", () => location.reload());
	notice.replaceChildren(gettext("This page has changed since you opened it."), " ", button);
}

notice.className = "inbox-changed";
notice.setAttribute("role", "status");
document.getElementById("main")?.prepend(notice);
// After a form with errors there is nothing to compare with.
if (document.querySelector("meta[name=method]").content === "GET") {
	onInvalidate(check);
	subscribe({ onChange: () => invalidate(), onCatchUp: () => invalidate({ isUrgent: true }) });
	addEventListener("toggle", invalidate, true); // a popover that closes
}
