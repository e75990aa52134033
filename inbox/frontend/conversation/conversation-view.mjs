// The pane of the open conversation.

import { changeTag, setStatus } from "../actions/actions.mjs";
import { button, fill, h, icon, iconButton, tagChip, update } from "../core/dom.mjs";
import { endPane } from "../core/end-pane.mjs";
import { displayName, formatDateTime, formatShortTime, plural } from "../core/format.mjs";
import { onConversationsChanged, onInvalidate, rateLimited } from "../core/refresh.mjs";
import { closeOpen, findPage, hasRole, state, watch, when } from "../core/store.mjs";
import { gettext, gettextParts } from "../core/texts.mjs";
import { toUrl } from "../core/url.mjs";
import { avatar } from "../list/row.mjs";
import {
	fetchFromFacebook,
	loadNewer,
	loadOlder,
	openConversation,
	refreshConversation,
	showNewest,
} from "./conversation-loader.mjs";
import { findInConversation, startMatchBar } from "./match-bar.mjs";
import { messageElements } from "./messages.mjs";
import { startNotes } from "./notes.mjs";
import { startPresence } from "./presence.mjs";
import { startReading } from "./reading.mjs";

const NEAR_PX = 300; // from the top or the end, where further messages are loaded
const pane = endPane("messages");
const drawn = { id: null, previous: null, shownMatchId: null };

let isStarted = false;

/** Starts when the first conversation is opened; further calls do nothing. */
export function startConversation(pickers) {
	if (isStarted) return;
	isStarted = true;
	onInvalidate(refreshConversation);
	const refreshSoon = rateLimited(refreshConversation, { minimum: 500 });
	onConversationsChanged(({ conversationIds }) => conversationIds.includes(state.openId) && refreshSoon());
	update("messages", { onscroll: loadNearEnds });
	startMatchBar();
	watch(headParts, () => drawHead(pickers));
	watch(messageParts, drawMessages);
	when(
		({ openId }) => [openId],
		({ openId }) => openConversation(openId),
	);
	when(messageParts, loadWhatIsMissing);
	startNotes();
	startReading();
	startPresence();
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
	conversation?.previous,
	conversation?.matchId,
	conversation?.matches?.text,
	conversation?.row?.seen_until,
	conversation?.row?.delivered_until,
	pages?.length,
];

// -- the head: the customer, the tags and the actions
function drawHead(pickers) {
	const { pickTag, openConversationMenu: openMenu } = pickers;
	const { row, isFetching, status } = state.conversation ?? {};
	const back = iconButton("back", gettext("Back to the list"), closeOpen);
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
			workChips(row, isTagger, pickers),
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
		iconButton("search", gettext("Search in this conversation (f)"), findInConversation),
		statusButton(row, isTagger),
		iconButton("more", gettext("More"), ({ currentTarget }) => openMenu(currentTarget, row), {
			key: "more", // it does not become the button that comes before it
			"aria-haspopup": "menu",
			"aria-expanded": "false",
			disabled: !state.pages,
		}),
	);
}

// The assignee, and until when the conversation is snoozed; taggers change both there.
function workChips(row, isTagger, { pickAssignee, pickSnooze }) {
	const target = { ids: [row.id] };
	const assignee = row.assignee ? h("bdi", row.assignee.name) : gettext("Assign");
	const until =
		row.snoozed_until && gettext("Snoozed until %(time)s", { time: formatShortTime(row.snoozed_until) });
	if (!isTagger)
		return [row.assignee && h("span.state", icon("person"), assignee), until && h("span.state", until)];
	const label = row.assignee
		? gettext("Assigned to %(user)s. Change", { user: row.assignee.name })
		: gettext("Assign");
	const title = row.snoozed_until && formatDateTime(row.snoozed_until);
	return [
		button([icon("person"), assignee], () => pickAssignee(target), "chip-button", { "aria-label": label }),
		button([icon("snooze"), until ?? gettext("Snooze")], () => pickSnooze(target), "chip-button", { title }),
	];
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
function drawMessages({ conversation }) {
	if (!conversation) return fill("events");
	const { id, events, matchId, matches, row, previous } = conversation;
	const mayAnswer = hasRole("agent", findPage(row?.page_id));
	const options = { names: namesOf(conversation), search: matches?.text ?? "", matchId, row, mayAnswer };
	const content = () =>
		fill("events", topItem(conversation), messageElements(events, options), endItem(conversation));
	pane.draw(content, { isOther: drawn.id !== id, hasNewer: Boolean(drawn.previous) });
	if (drawn.id !== id || !matchId) drawn.shownMatchId = null;
	Object.assign(drawn, { id, previous });
	return undefined;
}

// A match is shown once: then the user may scroll away.
function loadWhatIsMissing({ conversation }) {
	if (conversation?.status !== "ready") return;
	const { matchId, events } = conversation;
	if (matchId && matchId !== drawn.shownMatchId && events.some(({ id }) => id === matchId)) {
		drawn.shownMatchId = matchId;
		pane.show(matchId);
	} else if (!pane.isFull()) loadOlder();
}

function loadNearEnds() {
	if (pane.top() < NEAR_PX) loadOlder();
	else if (pane.bottom() < NEAR_PX) loadNewer();
}

// After messages around a match there are newer ones.
function endItem({ previous }) {
	if (!previous) return null;
	return h(
		"li.note",
		{ key: "end" },
		button(gettext("Newer messages"), () => loadNewer(), "link"),
		" · ",
		button(gettext("To the newest message"), showNewest, "link"),
	);
}

function namesOf({ row }) {
	return { customer: row ? displayName(row) : "", page: findPage(row?.page_id)?.name ?? gettext("The Page") };
}

function topItem({ status, error, next, events, id }) {
	if (status === "error") {
		if (error.status === 404) {
			const text = gettext("This conversation is not here any more, or you have no access to it.");
			return h("li.state-message", h("p.error", text), button(gettext("Back to the list"), closeOpen));
		}
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
