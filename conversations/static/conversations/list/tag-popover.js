// The popover with tags. For one row each checkbox takes effect at once; for a selection the popover
// first shows how many conversations would change.

import { post } from "/static/inbox/app/core/api.mjs";
import { formatNumber } from "/static/inbox/app/core/format.mjs";
import { gettext } from "/static/inbox/app/core/texts.mjs";
import { showError, showNotice } from "./notice.js";
import { currentFilter, list, refresh } from "./results.js";

const BULK_URL = "/api/conversations/bulk-tags";
const PREVIEW_DELAY_MS = 250;
const popover = document.getElementById("inbox-tag-popover");
const part = (selector) => popover.querySelector(selector);
const checkboxes = () => [...popover.querySelectorAll("input[type=checkbox]")];
let row; // the tags cell of one conversation; undefined for a selection
let targets; // the conversations, as the API expects them
let previewTimer;
let opener;

export function start() {
	part("input[type=search]").addEventListener("input", filterTags);
	popover.addEventListener(
		"change",
		({ target }) => target.type === "checkbox" && (row ? changeRow(target) : previewSoon()),
	);
	popover.addEventListener(
		"toggle",
		({ newState }) => newState === "closed" && opener?.isConnected && opener.focus(),
	);
	for (const button of actionButtons())
		button.addEventListener("click", () => changeSelection(button.dataset.action));
	addEventListener("inbox:shown", addButtons);
	addButtons();
}

const actionButtons = () => [...popover.querySelectorAll("[data-action]")];

function addButtons() {
	for (const cell of list().querySelectorAll("[data-tags]")) {
		const button = document.createElement("button");
		Object.assign(button, { type: "button", className: "inbox-tag-row", textContent: "+" });
		button.setAttribute("aria-label", gettext("Tags of %(name)s", { name: cell.dataset.name }));
		button.setAttribute("aria-haspopup", "dialog");
		button.addEventListener("click", () => openForRow(button, cell));
		cell.append(button);
	}
	const selectionButton = document.getElementById("inbox-tag-selection");
	if (selectionButton) {
		selectionButton.hidden = false;
		selectionButton.addEventListener("click", () => openForSelection(selectionButton));
	}
}

// -- opening ------------------------------------------------------------------------------------------------
function openForRow(button, cell) {
	row = cell;
	targets = { conversationIds: [Number(cell.dataset.pk)] };
	const tags = new Set(cell.dataset.tags.split(","));
	for (const box of checkboxes()) box.checked = tags.has(box.value);
	open(button, gettext("Tags of %(name)s", { name: cell.dataset.name }));
}

function openForSelection(button) {
	const selected = [...list().querySelectorAll("input.action-select:checked")].map((box) =>
		Number(box.value),
	);
	const isAll = list().querySelector("input.select-across").value === "1";
	row = undefined;
	targets = isAll ? { filter: currentFilter() } : { conversationIds: selected };
	for (const box of checkboxes()) box.checked = false;
	const number = isAll ? list().dataset.count : selected.length;
	open(
		button,
		isAll ? gettext("All %(number)s matches", { number }) : gettext("%(number)s selected", { number }),
	);
	showPreview();
}

function open(button, title) {
	opener = button;
	part("#inbox-tag-popover-title").textContent = title;
	part("[data-preview]").textContent = "";
	part("[data-bulk]").hidden = Boolean(row);
	part("input[type=search]").value = "";
	filterTags();
	popover.showPopover();
	moveTo(button.getBoundingClientRect());
	part("input[type=search]").focus();
}

function moveTo(anchor) {
	const left = Math.min(anchor.left, innerWidth - popover.offsetWidth - 8);
	const below = anchor.bottom + 4;
	const fits = below + popover.offsetHeight < innerHeight;
	popover.style.left = `${Math.max(8, left)}px`;
	popover.style.top = `${fits ? below : Math.max(8, anchor.top - popover.offsetHeight - 4)}px`;
}

function filterTags() {
	const term = part("input[type=search]").value.trim().toLocaleLowerCase();
	let matches = 0;
	for (const box of checkboxes()) {
		const isMatch = box.closest("label").textContent.toLocaleLowerCase().includes(term);
		box.closest("li").hidden = !isMatch;
		matches += isMatch;
	}
	part("[data-empty]").hidden = matches > 0;
}

// -- one row ------------------------------------------------------------------------------------------------
async function changeRow(box) {
	const cell = row;
	const name = box.closest("label").textContent.trim();
	try {
		const action = box.checked ? "assign" : "remove";
		const result = await post(BULK_URL, { ...targets, tagIds: [Number(box.value)], action });
		redraw(cell);
		const names = { customer: cell.dataset.name, tag: name };
		const notice = box.checked
			? gettext("%(customer)s: added tag %(tag)s.", names)
			: gettext("%(customer)s: removed tag %(tag)s.", names);
		showNotice(notice, result.changed && result.act);
	} catch (error) {
		box.checked = !box.checked;
		showError(error);
	}
}

function redraw(cell) {
	const checked = checkboxes().filter((box) => box.checked);
	cell.dataset.tags = checked.map((box) => box.value).join(",");
	const chips = checked.flatMap((box) => [
		box.closest("label").querySelector(".inbox-chip").cloneNode(true),
		" ",
	]);
	cell.replaceChildren(...chips, cell.querySelector("button"));
}

// -- a selection --------------------------------------------------------------------------------------------
const checkedTags = () =>
	checkboxes()
		.filter((box) => box.checked)
		.map((box) => Number(box.value));

function previewSoon() {
	clearTimeout(previewTimer);
	previewTimer = setTimeout(showPreview, PREVIEW_DELAY_MS);
}

async function showPreview() {
	const tagIds = checkedTags();
	const buttons = actionButtons();
	for (const button of buttons) button.disabled = true;
	if (!targets.filter && targets.conversationIds === undefined)
		return setPreview(gettext("The filter is invalid."));
	if (!tagIds.length) return setPreview(gettext("Choose tags to add or remove."));
	try {
		const previews = buttons.map((button) =>
			post(BULK_URL, { ...targets, tagIds, action: button.dataset.action, dry_run: true }),
		);
		const [adding, removing] = await Promise.all(previews);
		if (String(tagIds) !== String(checkedTags())) return; // other tags were chosen meanwhile
		setPreview(
			gettext("%(matched)s match. Add changes %(adding)s, Remove changes %(removing)s.", {
				matched: formatNumber(adding.matched),
				adding: formatNumber(adding.changed),
				removing: formatNumber(removing.changed),
			}),
		);
		buttons[0].disabled = !adding.changed;
		buttons[1].disabled = !removing.changed;
	} catch (error) {
		setPreview(error.message);
	}
}

function setPreview(text) {
	part("[data-preview]").textContent = text;
}

async function changeSelection(action) {
	try {
		const result = await post(BULK_URL, { ...targets, tagIds: checkedTags(), action });
		popover.hidePopover();
		await refresh();
		showNotice(result.message, result.changed && result.act);
	} catch (error) {
		setPreview(error.message);
	}
}
