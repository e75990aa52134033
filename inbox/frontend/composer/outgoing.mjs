// Messages on their way to the customer: those of the open conversation that Facebook has not confirmed.

import { refreshConversation } from "../conversation/conversation-loader.mjs";
import { get, post, postForm } from "../core/api.mjs";
import { button, fill, h, update } from "../core/dom.mjs";
import { endPane } from "../core/end-pane.mjs";
import { formatBytes } from "../core/file-size.mjs";
import { onConversationsChanged, onInvalidate, rateLimited } from "../core/refresh.mjs";
import { findPage, hasRole, set, state, watch, when } from "../core/store.mjs";
import { announce } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";
import { showError } from "../core/toast.mjs";
import { CANCEL_MS, decide, describeOutgoing, isMoving, isRetry, secondsUntil } from "./outgoing-state.mjs";

const POLL_MS = 2500; // while something moves, beside what the event stream tells
const SECOND_MS = 1000;

const pane = endPane("messages");
/** What this tab knows of the messages that it has sent: {text, file, quote, leavesAt, conversationId}, by ID. */
const known = new Map();
let giveBack = (..._) => {};
let changes = 0; // of this tab: an answer that is older than one of them is no news
const refreshSoon = rateLimited(refresh, { minimum: 500 });

/** `giveBack(id, {text, file})`: what was cancelled in a conversation. */
export function startOutgoing(callbacks) {
	giveBack = callbacks.giveBack;
	watch(({ outgoing, conversation }) => [outgoing, conversation?.id, conversation?.events], draw);
	when(({ conversation }) => [conversation?.id, conversation?.status === "ready"], refresh);
	onConversationsChanged(({ conversationIds }) => conversationIds.includes(state.openId) && refreshSoon());
	onInvalidate(refresh);
	setInterval(() => messages().some(isMoving) && refreshSoon(), POLL_MS);
	setInterval(() => messages().some(({ state: phase }) => phase === "queued") && draw(state), SECOND_MS);
}

const messages = ({ outgoing, openId } = state) => (outgoing?.id === openId ? outgoing.messages : []);

/** Sends one message: {clientId, text, file, replyTo}. Resolves with it as the server has it. */
export async function sendMessage(id, { clientId, text, file, replyTo }) {
	const path = `/api/conversations/${id}/messages`;
	const quote = replyTo ? { replyTo } : {};
	const content = file ? { file } : { text };
	const { message } = await (file ? postForm : post)(path, { clientId, ...content, ...quote });
	return message;
}

/** Shows a message that was just sent. */
export function addOutgoing(id, message, content) {
	changes += 1;
	known.set(message.id, { ...content, leavesAt: Date.now() + CANCEL_MS, conversationId: id });
	if (id !== state.openId) return;
	set({ outgoing: { id, messages: [...messages().filter((one) => one.id !== message.id), message] } });
	announce(gettext("The answer is sent in a few seconds."));
}

async function refresh() {
	const { id, status, row } = state.conversation ?? {};
	if (status !== "ready" || !hasRole("agent", findPage(row.page_id))) return;
	const before = changes;
	try {
		const answer = await get(`/api/conversations/${id}/messages`);
		if (changes !== before) return void refreshSoon();
		const listed = answer.messages.toReversed(); // oldest first
		const ids = new Set(listed.map((one) => one.id));
		// What is listed no longer was sent: its event takes its place.
		if (messages().some((one) => !ids.has(one.id))) await refreshConversation();
		show(id, listed);
	} catch {
		// The next change, or the next look, tries again.
	}
}

function show(id, listed) {
	if (id !== state.openId) return;
	const before = new Map(messages().map((one) => [one.id, one.state]));
	for (const message of listed) {
		const { label, reason, isWrong } = describeOutgoing(message);
		if (isWrong && before.get(message.id) !== message.state) announce(`${label}. ${reason}`);
	}
	forget(id, listed);
	set({ outgoing: { id, messages: listed } });
}

// Files that were sent take memory.
function forget(conversationId, listed) {
	const ids = new Set(listed.map((one) => one.id));
	for (const [id, content] of known)
		if (content.conversationId === conversationId && !ids.has(id)) known.delete(id);
}

// -- the view
function draw({ conversation, openId }) {
	const events = new Set(conversation?.events.map(({ id }) => id));
	const shown = conversation?.id === openId ? messages().filter(({ event }) => !events.has(event)) : [];
	update("outgoing", { hidden: !shown.length });
	pane.draw(() => fill("outgoing", shown.map(bubble)));
}

function bubble(message) {
	const { text, file, quote, leavesAt } = contentOf(message);
	const { label, reason, actions, isWrong } = describeOutgoing(message, secondsUntil(leavesAt));
	const author = message.author?.name;
	return h(
		"li.message.right.outgoing",
		{ key: message.id, class: { wrong: isWrong } },
		h(
			"div.bubble",
			quote && h("blockquote.quote", { dir: "auto" }, quote),
			text && h("p", { dir: "auto" }, text),
			file &&
				h("p.attachment", h("b", gettext("File")), " ", h("bdi", file.name), ` ${formatBytes(file.size)}`),
		),
		h(
			"p.quiet",
			author && author !== state.user.name && [h("bdi", author), " · "],
			h("span", { class: { error: isWrong } }, label),
			reason && `: ${reason}`,
			actions.map(([name, title]) => [" · ", button(title, () => act(name, message), "link", { key: name })]),
		),
	);
}

// This tab knows more of what it has sent itself.
const contentOf = ({ id, text = "", attachment = null, sendAt = null }) => ({
	text,
	file: attachment,
	quote: "",
	leavesAt: sendAt ? Date.parse(sendAt) : 0,
	...known.get(id),
});

async function act(name, message) {
	const id = state.openId;
	try {
		const answer = await decide(post, name, message);
		changes += 1;
		if (name === "cancel") giveBack(id, contentOf(message));
		if (isRetry(name))
			known.set(message.id, {
				...contentOf(message),
				leavesAt: Date.now() + CANCEL_MS,
				conversationId: id,
			});
		const rest = messages().filter((one) => one.id !== message.id);
		if (id === state.openId)
			set({ outgoing: { id, messages: isRetry(name) ? [...rest, answer.message] : rest } });
	} catch (error) {
		showError(error);
		refreshSoon();
	}
	if (name === "discard") refreshConversation(); // it may be there
}
