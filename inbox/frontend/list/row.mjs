// Draws one row of the list.

import { h, icon, tagChip, tagDot } from "../core/dom.mjs";
import { splitAtMatch } from "../core/folding.mjs";
import {
	displayName,
	formatDateTime,
	formatNumber,
	formatShortTime,
	hue,
	initials,
	plural,
} from "../core/format.mjs";
import { findPage, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { toUrl } from "../core/url.mjs";

const MAX_TAGS = 3;
const CONTEXT_LENGTH = 24; // characters before a match, so that it is visible in a short line

/** `shown`: as list-view.mjs says it; `onClick(event, row)` and `onFocus(row)`: what the user does with the row. */
export function createRow(shown, { onClick, onFocus }) {
	const { row, filter, insight, pageName, isOpen, isSelected, isTabStop } = shown;
	const tabindex = isTabStop ? 0 : -1;
	const label = gettext("Select %(name)s", { name: displayName(row) });
	const select = { type: "checkbox", "aria-label": label, checked: isSelected, tabindex };
	const href = toUrl({ filter, insight, openId: row.id });
	const link = { href, tabindex, "aria-current": isOpen && "true" };
	return h(
		"li.row",
		{
			class: { unread: row.unread_count > 0, open: isOpen, selected: isSelected },
			onclick: (event) => onClick(event, row),
			onfocusin: () => onFocus(row),
		},
		h("label.select-box", h("input", select), avatar(row)),
		h("a.line", link, rowHead(row), preview(row, filter), rowTags(row, pageName)),
	);
}

export function avatar(row) {
	return h(
		"span.avatar",
		{ css: { "--hue": hue(row.sender_id) }, "aria-hidden": "true" },
		initials(row.sender_name),
	);
}

function rowHead(row) {
	const time = row.matches?.occurred_at ?? row.last_message_time; // of what the preview shows
	return h(
		"span.row-head",
		h("bdi.name", displayName(row)),
		row.platform === "instagram" && h("span.platform", "Instagram"),
		row.referral && broughtBy(row.referral),
		h(
			"span.dots",
			row.conversation_tags.slice(0, MAX_TAGS).map(({ tag }) => tagDot(tag)),
		),
		h("time", { datetime: time ?? "", title: formatDateTime(time) }, formatShortTime(time)),
	);
}

function broughtBy({ ad_id: ad, ad_title: title, ref }) {
	return h("span.platform", { title: title || ref || ad || null }, ad ? gettext("Ad") : gettext("Link"));
}

const KIND_NAMES = {
	image: gettext("image"),
	video: gettext("video"),
	audio: gettext("audio"),
	file: gettext("file"),
	sticker: gettext("sticker"),
	card: gettext("card"),
};

// Who wrote it is not known of a match of a search in messages.
const isOurs = (row) => row.last_message_from === "page" && row.last_message && !row.matches?.snippet;

function attachmentSign({ attachment_kinds: kinds = [] }) {
	if (!kinds.length) return null;
	const label = gettext("Attachments: %(kinds)s", {
		kinds: kinds.map((kind) => KIND_NAMES[kind] ?? kind).join(", "),
	});
	return h("span.attached", { title: label }, icon("clip"), h("span.hidden", label));
}

function preview(row, filter) {
	const text = row.matches?.snippet || row.last_message || gettext("No text");
	const [[before, isMatch]] = splitAtMatch(text, filter.search);
	const isTooFar = !isMatch && before.length > CONTEXT_LENGTH && before.length < text.length;
	const excerpt = isTooFar ? `…${text.slice(before.length - CONTEXT_LENGTH)}` : text;
	return h(
		"span.preview",
		isOurs(row) && h("span.writer", gettext("You:")),
		h("span.text", { dir: "auto" }, highlight(excerpt, filter.search)),
		row.matches?.count > 1 &&
			h("span.quiet", plural(row.matches.count, "%(count)s message", "%(count)s messages")),
		attachmentSign(row),
		row.unread_count > 0 &&
			h("span.badge", formatNumber(row.unread_count), h("span.hidden", ` ${gettext("unread")}`)),
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
		isDone && h("span.state", icon("done"), gettext("Done")),
		visible.map((tag) => tagChip(tag, "", { key: tag.id }, tag.name)),
		tags.length > visible.length && h("span.quiet", `+${tags.length - visible.length}`),
		pageName && h("span.quiet.page-name", pageName),
	);
}

/** The name of the row's Page if the list shows several Pages. */
export const rowPageName = (row) =>
	(state.pages?.length ?? 0) > 1 && !state.filter.facebookPageId && findPage(row.page_id)?.name;
