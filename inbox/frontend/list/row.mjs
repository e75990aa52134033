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
import { findPage, hasRole, listedRows, state } from "../core/store.mjs";
import { swipeHandlers } from "../core/swipe.mjs";
import { gettext } from "../core/texts.mjs";
import { toUrl } from "../core/url.mjs";

const MAX_TAGS = 3;
const CONTEXT_LENGTH = 24; // characters before a match, so that it is visible in a short line

/** @type {any} */
let drawnItems = { rows: [], people: null, status: "", filter: {}, items: [] };

/**
 * The rows of the list, with headings if names and messages are searched together: people whose name matches come first,
 * then the other conversations in whose messages it is found.
 */
export function listItems({ rows, people, status }, filter) {
	if (!people?.rows.length) return rows;
	const isSame = Object.entries({ rows, people, status, filter }).every(
		([name, part]) => drawnItems[name] === part,
	);
	if (!isSame)
		drawnItems = { rows, people, status, filter, items: groupedItems(rows, people, status, filter) };
	return drawnItems.items;
}

function groupedItems(rows, people, status, filter) {
	const others = listedRows({ rows, people }).slice(people.rows.length);
	const scope = (place) => toUrl({ filter: { ...filter, search_in: place } });
	const isMore = people.total > people.rows.length;
	return [
		{
			id: "people",
			heading: gettext("People"),
			note: isMore
				? gettext("The newest %(count)s whose name matches.", { count: people.rows.length })
				: gettext("Their name matches."),
			href: isMore ? scope("names") : "",
			link: people.isExact
				? gettext("Show all %(count)s people", { count: formatNumber(people.total) })
				: gettext("Show all people, about %(count)s", { count: formatNumber(people.total) }),
		},
		...people.rows,
		{
			id: "messages",
			heading: gettext("Messages"),
			note: noteOfMessages(status, others),
			href: others.length ? scope("messages") : "",
			link: gettext("Only messages"),
		},
		...others,
	];
}

function noteOfMessages(status, others) {
	if (status === "loading") return gettext("Searching all messages…");
	return others.length
		? gettext("The newest match of each conversation.")
		: gettext("No other conversation has it in a message.");
}

/** The heading of a group of rows, as high as a row. */
export function createHeading({ id, heading, note, href, link }) {
	return h(
		"li.row.group",
		{ key: id },
		h("h3", heading),
		h("p.quiet", note, " ", href && h("a", { href, "data-navigate": "" }, link)),
	);
}

/**
 * `shown`: as list-view.mjs says it; `onClick(event, row)`, `onFocus(row)` and `onSwipe(row)`: what the user does with the
 * row.
 */
export function createRow(shown, { onClick, onFocus, onSwipe }) {
	const { row, filter, insight, pageName, isOpen, isSelected, isTabStop, isSwiped } = shown;
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
			...(isSwiped && swipeHandlers(() => onSwipe(row))),
		},
		isSwiped &&
			h("span.swipe-label", { "aria-hidden": "true" }, isDone(row) ? gettext("Reopen") : gettext("Done")),
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

const isDone = (row) => row.conversation_status === "done";

/** May the user change the status of the conversation by a swipe? */
export const maySwipe = (row) => hasRole("tagger", findPage(row.page_id));

function rowTags(row, pageName) {
	const tags = row.conversation_tags.map(({ tag }) => tag);
	const visible = tags.slice(0, MAX_TAGS);
	if (!tags.length && !pageName && !isDone(row) && !row.assignee && !row.snoozed_until) return null;
	return h(
		"span.row-tags",
		isDone(row) && h("span.state", icon("done"), gettext("Done")),
		row.snoozed_until &&
			h(
				"span.state",
				icon("snooze"),
				gettext("Until %(time)s", { time: formatShortTime(row.snoozed_until) }),
			),
		row.assignee && h("span.state", icon("person"), h("bdi", row.assignee.name)),
		visible.map((tag) => tagChip(tag, "", { key: tag.id }, tag.name)),
		tags.length > visible.length && h("span.quiet", `+${tags.length - visible.length}`),
		pageName && h("span.quiet.page-name", pageName),
	);
}

/** The name of the row's Page if the list shows several Pages. */
export const rowPageName = (row) =>
	(state.pages?.length ?? 0) > 1 && !state.filter.facebookPageId && findPage(row.page_id)?.name;
