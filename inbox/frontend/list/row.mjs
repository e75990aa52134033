// Draws one row of the list.

import { h, icon, tagChip } from "../core/dom.mjs";
import { splitAtMatch } from "../core/folding.mjs";
import {
	formatDateTime,
	formatNumber,
	formatShortTime,
	hue,
	initials,
	isVisible,
	plural,
} from "../core/format.mjs";
import { findPage, state } from "../core/store.mjs";
import { toUrl } from "../core/url.mjs";

const MAX_TAGS = 3;
const CONTEXT_LENGTH = 24; // characters before a match, so that it is visible in a short line

export function createRow(row, pageName) {
	const { filter, insight } = state;
	const href = toUrl({ filter, insight, openId: row.id });
	const checkbox = h("input", { type: "checkbox", "aria-label": `Select ${displayName(row)}` });
	return h(
		row.unread_count ? "li.row.unread" : "li.row",
		{ "data-id": row.id },
		h("label.select-box", checkbox, avatar(row)),
		h("a.line", { href }, rowHead(row), preview(row, filter), rowTags(row, pageName)),
	);
}

/** Updates what changes while the user points at the row, which must stay the same element. */
export function updateRow(element, { isOpen, isTabStop, isSelected, index, count }) {
	const [checkbox, link] = [element.querySelector("input"), element.querySelector("a")];
	element.classList.toggle("open", isOpen);
	element.classList.toggle("selected", isSelected);
	if (isOpen) link.setAttribute("aria-current", "true");
	else link.removeAttribute("aria-current");
	checkbox.checked = isSelected;
	checkbox.tabIndex = link.tabIndex = isTabStop ? 0 : -1;
	element.setAttribute("aria-posinset", index + 1);
	element.setAttribute("aria-setsize", count);
}

export const displayName = (row) =>
	isVisible(row.sender_name) ? row.sender_name : `No name (${row.sender_id})`;

export function avatar(row) {
	return h(
		"span.avatar",
		{ css: { "--hue": hue(row.sender_id) }, "aria-hidden": "true" },
		initials(row.sender_name),
	);
}

function rowHead(row) {
	const time = row.last_message_time;
	return h(
		"span.row-head",
		h("bdi.name", displayName(row)),
		row.platform === "instagram" && h("span.platform", "Instagram"),
		h("time", { datetime: time ?? "", title: formatDateTime(time) }, formatShortTime(time)),
	);
}

function preview(row, filter) {
	const text = row.matches?.snippet || row.last_message || "No text";
	const [[before, isMatch]] = splitAtMatch(text, filter.search);
	const isTooFar = !isMatch && before.length > CONTEXT_LENGTH && before.length < text.length;
	const excerpt = isTooFar ? `…${text.slice(before.length - CONTEXT_LENGTH)}` : text;
	return h(
		"span.preview",
		h("span.text", { dir: "auto" }, highlight(excerpt, filter.search)),
		row.matches?.count > 1 && h("span.quiet", plural(row.matches.count, "message")),
		row.unread_count > 0 && h("span.badge", formatNumber(row.unread_count), h("span.hidden", " unread")),
	);
}

export function highlight(text, search) {
	return splitAtMatch(text, search).map(([part, isMatch]) => (isMatch ? h("mark", part) : part));
}

function rowTags(row, pageName) {
	const tags = row.conversation_tags.map(({ tag }) => tag);
	const visible = tags.slice(0, MAX_TAGS);
	const isDone = row.conversation_status === "done";
	if (!tags.length && !pageName && !isDone) return null;
	return h(
		"span.row-tags",
		isDone && h("span.state", icon("done"), "Done"),
		visible.map((tag) => tagChip(tag, "", tag.name)),
		tags.length > visible.length && h("span.quiet", `+${tags.length - visible.length}`),
		pageName && h("span.quiet.page-name", pageName),
	);
}

/** The name of the row's Page if the list shows several Pages. */
export const rowPageName = (row) =>
	state.pages?.length > 1 && !state.filter.facebookPageId && findPage(row.page_id)?.name;
