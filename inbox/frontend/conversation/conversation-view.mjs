// The pane of the open conversation.

import { changeTag, setStatus } from "../actions/actions.mjs";
import { button, fill, h, iconButton, tagChip, update } from "../core/dom.mjs";
import { endPane } from "../core/end-pane.mjs";
import { displayName, plural } from "../core/format.mjs";
import { onConversationsChanged, onInvalidate, rateLimited } from "../core/refresh.mjs";
import { findPage, hasRole, navigate, state, watch, when } from "../core/store.mjs";
import { gettext, gettextParts } from "../core/texts.mjs";
import { toUrl } from "../core/url.mjs";
import { avatar } from "../list/row.mjs";
import {
	fetchFromFacebook,
	loadBackTo,
	loadOlder,
	openConversation,
	refreshConversation,
} from "./conversation-loader.mjs";
import { messageElements } from "./messages.mjs";

const LOAD_OLDER_PX = 300; // from the top
const pane = endPane("messages");
const drawn = { id: null, hasShownMatch: false };

let isStarted = false;

/** Starts when the first conversation is opened; further calls do nothing. */
export function startConversation({ pickTag, openConversationMenu }) {
	if (isStarted) return;
	isStarted = true;
	onInvalidate(refreshConversation);
	const refreshSoon = rateLimited(refreshConversation, { minimum: 500 });
	onConversationsChanged(({ conversationIds }) => conversationIds.includes(state.openId) && refreshSoon());
	update("messages", { onscroll: () => pane.top() < LOAD_OLDER_PX && loadOlder() });
	watch(headParts, () => drawHead(pickTag, openConversationMenu));
	watch(messageParts, drawMessages);
	when(
		({ openId }) => [openId],
		({ openId }) => openConversation(openId),
	);
	when(messageParts, loadWhatIsMissing);
}

const headParts = ({ conversation, pages }) => [
	conversation?.row,
	conversation?.isFetching,
	conversation?.status,
	pages,
];

const messageParts = ({ conversation, pages }) => [
	conversation?.id,
	conversation?.events,
	conversation?.status,
	conversation?.next,
	conversation?.row?.seen_until,
	conversation?.row?.delivered_until,
	pages?.length,
];

// -- the head: the customer, the tags and the actions
function drawHead(pickTag, openMenu) {
	const { row, isFetching, status } = state.conversation ?? {};
	const back = iconButton("back", gettext("Back to the list"), () => navigate({ openId: null }));
	if (!row) return fill("conversation-head", back, status === "loading" && h("h2", gettext("Loading…")));
	const isTagger = hasRole("tagger", findPage(row.page_id));
	const addTag = button(gettext("+ Tag"), () => pickTag("assign", { ids: [row.id] }), "chip-button");
	return fill(
		"conversation-head",
		h("div.conversation-bar", back, avatar(row), customer(row), actions(row, isTagger, isFetching, openMenu)),
		h(
			"div.conversation-tags",
			row.conversation_tags.map(({ tag }) => removableTag(row, tag, isTagger)),
			isTagger && addTag,
		),
	);
}

function customer(row) {
	const platform = row.platform === "instagram" ? "Instagram" : "Messenger";
	const details = [
		findPage(row.page_id)?.name,
		platform,
		plural(row.message_count, "about %(count)s message", "about %(count)s messages"),
	];
	const name = h("h2", h("bdi", displayName(row)));
	return h("div.customer", name, h("p.quiet", details.filter(Boolean).join(" · "), cameBy(row.referral)));
}

// The link lists all that the same ad has brought.
function cameBy(referral) {
	const { ad_id: ad, ad_title: title, ref } = referral ?? {};
	if (!ad) return ref && [" · ", gettextParts("came by link %(name)s", { name: h("bdi", ref) })];
	const link = { href: toUrl({ filter: { ad_id: ad } }), "data-navigate": "" };
	return [
		" · ",
		h("a", link, gettextParts("Came by ad %(name)s", { name: h("bdi", title ? `“${title}”` : ad) })),
	];
}

function actions(row, isTagger, isFetching, openMenu) {
	return h(
		"div.actions",
		iconButton(
			"sync",
			isFetching ? gettext("Fetching from Facebook…") : gettext("Fetch this conversation from Facebook now"),
			() => fetchFromFacebook(row.id),
			{ disabled: isFetching },
		),
		statusButton(row, isTagger),
		iconButton("more", gettext("More"), ({ currentTarget }) => openMenu(currentTarget, row), {
			"aria-haspopup": "menu",
			"aria-expanded": "false",
		}),
	);
}

function statusButton(row, isTagger) {
	const isDone = row.conversation_status === "done";
	if (!isTagger) return h("span.state", isDone ? gettext("Done") : gettext("Open"));
	const target = { ids: [row.id] };
	if (isDone) return button(gettext("Reopen"), () => setStatus("active", target), "button.small.plain");
	// A phone shows only the status.
	const status = h("span.label-status", gettext("done"));
	const label = gettextParts("Mark as %(status)s", { status }).map((part) =>
		part === status ? part : h("span.label-prefix", part),
	);
	return button(label, () => setStatus("done", target), "button.small");
}

function removableTag(row, tag, isTagger) {
	const remove = () => changeTag("remove", tag, { ids: [row.id] });
	return tagChip(
		tag,
		"",
		{ key: tag.id },
		tag.name,
		isTagger && button("×", remove, "remove", { "aria-label": gettext("Remove %(tag)s", { tag: tag.name }) }),
	);
}

// -- the messages
function drawMessages({ conversation, filter }) {
	if (!conversation) return fill("events");
	const search = filter.search_in === "messages" ? filter.search : "";
	const { id, events, matchId, row } = conversation;
	const options = { names: namesOf(conversation), search, matchId, row };
	const isOther = drawn.id !== id;
	pane.draw(() => fill("events", topItem(conversation), messageElements(events, options)), { isOther });
	drawn.id = id;
	if (isOther) drawn.hasShownMatch = false;
	return undefined;
}

function loadWhatIsMissing({ conversation }) {
	if (conversation?.status !== "ready") return;
	if (conversation.matchId && !drawn.hasShownMatch) showMatch(conversation.matchId);
	else if (!pane.isFull()) loadOlder();
}

function namesOf({ row }) {
	return { customer: row ? displayName(row) : "", page: findPage(row?.page_id)?.name ?? gettext("The Page") };
}

function topItem({ status, error, next, events, id }) {
	if (status === "error") {
		const retry = button(gettext("Try again"), () => openConversation(id));
		return h("li.state-message", h("p.error", error.message), retry);
	}
	if (status === "loading") return h("li.note", gettext("Loading…"));
	if (next) {
		return h(
			"li.note",
			button(gettext("Older messages"), () => loadOlder(), "link"),
		);
	}
	return h("li.note", events.length ? gettext("Start of conversation") : gettext("No messages yet"));
}

async function showMatch(eventId) {
	drawn.hasShownMatch = true;
	if (!(await loadBackTo(eventId))) return;
	await null; // lets the state be drawn
	pane.show(eventId);
}
