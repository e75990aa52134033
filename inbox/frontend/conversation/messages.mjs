// Draws the messages of a conversation, oldest first, with the actions of the staff between them.

import { button, h } from "../core/dom.mjs";
import { formatDateTime, formatDay, formatTime } from "../core/format.mjs";
import { keyedList } from "../core/keyed-list.mjs";
import { set, state } from "../core/store.mjs";
import { gettext, gettextParts } from "../core/texts.mjs";
import { highlight } from "../list/row.mjs";
import { attachment, kindName } from "./attachments.mjs";
import { noteElement } from "./notes.mjs";

const SIDES = { message_received: "left", message_sent: "right", message_unknown: "middle" };
const STATUS_NAMES = { active: gettext("open"), done: gettext("done") };
const statusName = (status) => STATUS_NAMES[status] ?? status;
const NOTES = {
	tag_added: (actor, { name }) =>
		gettextParts("%(actor)s tagged %(tag)s", { actor, tag: h("b", String(name)) }),
	tag_removed: (actor, { name }) =>
		gettextParts("%(actor)s removed the tag %(tag)s", { actor, tag: h("b", String(name)) }),
	content_updated: (actor, { before }) =>
		before
			? gettextParts("%(actor)s showed a new text of a message. Before: %(text)s", {
					actor,
					text: h("bdi", String(before)),
				})
			: gettext("%(actor)s showed a newer state of a message", { actor }),
	referral_received: (actor, { referral }) => [
		referral?.ad_id
			? gettext("%(actor)s came by ad", { actor })
			: gettext("%(actor)s came by a link", { actor }),
		referral?.ad_title && ": ",
		referral?.ad_title && h("bdi", String(referral.ad_title)),
	],
	assignee_changed: (actor, { to, to_name: name }) =>
		to
			? gettextParts("%(actor)s assigned this to %(user)s", { actor, user: h("bdi", String(name)) })
			: gettext("%(actor)s assigned this to nobody", { actor }),
	snoozed: (actor, { until }) =>
		gettext("%(actor)s snoozed this until %(time)s", { actor, time: formatDateTime(until) }),
	snooze_ended: (actor) => gettext("%(actor)s ended the snooze", { actor }),
	archive_joined: (actor) => gettext("%(actor)s added messages of an archive", { actor }),
	archive_separated: (actor) => gettext("%(actor)s took messages of an archive apart", { actor }),
	note_added: (actor) => gettext("%(actor)s added a note", { actor }),
	status_changed: (actor, { from, to }) =>
		gettext("%(actor)s changed the status from %(before)s to %(after)s", {
			actor,
			before: statusName(from),
			after: statusName(to),
		}),
};

// The data is from Facebook: any part may be missing or have another type.
const reactionsOf = ({ data: { reactions } }) =>
	[reactions?.data ?? reactions]
		.flat()
		.map((item) => item?.emoji || item?.reaction)
		.filter((text) => typeof text === "string")
		.join(" ");

const UNSENT = gettext("Message was unsent");
const MAX_QUOTE_LENGTH = 140;

// A message is drawn again only if it, what it quotes or what is said of it has changed.
const drawItems = keyedList({
	key: ({ key }) => key,
	shows: (item) => item,
	draw: drawItem,
});

function drawItem(item) {
	if (item.day) return h("li.day", h("span", item.day));
	if (item.event.kind === "note_added") return noteElement({ ...item, time: time(item.event) });
	return item.side ? message(item) : note(item);
}

/**
 * Elements for these events, which are newest first. `names`: {customer, page}; `matchId`: the event that a search found;
 * `row`: the conversation; `mayAnswer`: the user may quote them in an answer.
 */
export function messageElements(events, { names, search, matchId, row, mayAnswer }) {
	let day = "";
	const shown = events.filter(({ data }) => !data.stub); // something is known of a message that has not come yet
	const receipts = receiptsOf(shown, row ?? {});
	const byGraphId = new Map(shown.map((event) => [event.graph_id, event]));
	const items = shown.reverse().flatMap((event) => {
		const eventDay = new Date(event.occurred_at).toDateString();
		const isNewDay = day !== eventDay;
		day = eventDay;
		const side = SIDES[event.kind];
		const sender = { left: names.customer, right: names.page, middle: gettext("Unknown sender") }[side];
		const about = side
			? { side, sender, search, isMatch: event.id === matchId, receipt: receipts.get(event.id), mayAnswer }
			: { customer: names.customer, search, isMatch: event.id === matchId };
		const item = { key: event.id, event, quoted: byGraphId.get(event.data.reply_to), ...about };
		return isNewDay ? [{ key: `day of ${event.id}`, day: formatDay(event.occurred_at) }, item] : [item];
	});
	return drawItems(items);
}

/** Event ID → "Seen", "Delivered" or "Sent": each under the newest message of the Page of which it is known. */
function receiptsOf(events, { seen_until: seen, delivered_until: delivered }) {
	const sent = events.filter(({ kind, data }) => kind === "message_sent" && !data.deleted);
	const newestUntil = (time) =>
		time && sent.find((event) => Date.parse(event.occurred_at) <= Date.parse(time));
	const marks = [
		[events[0]?.kind === "message_sent" && sent[0], gettext("Sent")], // nothing came after it
		[newestUntil(delivered), gettext("Delivered")],
		[newestUntil(seen), gettext("Seen")],
	];
	return new Map(marks.filter(([event]) => event).map(([event, label]) => [event.id, label]));
}

const kindOf = (event) => event?.display_attachments[0] && kindName(event.display_attachments[0].kind);

function quote({ data: { reply_to: id } }, quoted) {
	if (typeof id !== "string") return null;
	const text = quoted?.text || kindOf(quoted) || gettext("An earlier message");
	return h(
		"blockquote.quote",
		{ dir: "auto" },
		quoted?.data.deleted ? UNSENT : text.slice(0, MAX_QUOTE_LENGTH),
	);
}

function message({ event, side, sender, search, isMatch, receipt, quoted, mayAnswer }) {
	const reactions = reactionsOf(event);
	const quoteAction = mayAnswer && isQuotable(event) && quoteButton(event, side);
	return h(
		`li.message.${side}`,
		{ "data-id": event.id, class: { match: isMatch } },
		h("span.hidden", `${sender}: `),
		h(
			"div.bubble",
			quote(event, quoted),
			event.data.deleted && h("p.unsent", UNSENT),
			event.text && h("p", { dir: "auto" }, highlight(event.text, search)),
			!event.data.deleted && event.display_attachments.map((item) => attachment(item)),
		),
		h(
			"p.quiet",
			side === "right" && quoteAction,
			side === "middle" && `${sender} · `,
			side === "right" && writerOf(event) && [h("bdi", writerOf(event)), " · "],
			time(event),
			event.data.edited && ` · ${gettext("edited")}`,
			reactions && ` · ${reactions}`,
			receipt && ` · ${receipt}`,
			side !== "right" && quoteAction,
		),
	);
}

// Our user, or another application.
const writerOf = ({ actor, app }) =>
	actor || (/^\d+$/.test(app ?? "") ? gettext("App %(id)s", { id: app }) : app);

// What archives brought has no ID of Facebook's.
const isQuotable = ({ graph_id: id, data }) => id && !data.deleted && data.source !== "archive";

// At the inner end of the line: it is seen only when it is pointed at.
function quoteButton(event, side) {
	const text = event.text.slice(0, MAX_QUOTE_LENGTH) || kindOf(event) || gettext("An earlier message");
	const quote = () => set({ quote: { conversationId: state.openId, id: event.id, text }, writing: "answer" });
	const action = button(gettext("Quote"), quote, "link");
	return h("span.quote-action", side === "right" ? [action, " · "] : [" · ", action]);
}

function time({ occurred_at: at }) {
	return h("time", { datetime: at, title: formatDateTime(at) }, formatTime(at));
}

function note({ event, customer }) {
	return h("li.note", describeEvent(event, customer), " · ", time(event));
}

/** Says who did what, for events that are no messages; as children of an element. */
export function describeEvent(event, customer) {
	const actors = { content_updated: "Facebook", referral_received: customer };
	const actor = actors[event.kind] ?? (event.actor || gettext("The system"));
	const describe = NOTES[event.kind];
	return describe ? describe(actor, event.data) : `${actor} ${event.kind.replaceAll("_", " ")}`;
}
