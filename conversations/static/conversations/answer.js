// The composer on the admin's page of a conversation: a text or files to the customer, and what became of them. It uses the
// same routes and rules as the inbox page, which has more: emoji and saved replies.

import { createDrafts, MAX_DRAFT } from "/static/inbox/app/composer/drafts.mjs";
import { measure } from "/static/inbox/app/composer/message-length.mjs";
import {
	CANCEL_MS,
	decide,
	describeOutgoing,
	isMoving,
	isRetry,
	secondsUntil,
} from "/static/inbox/app/composer/outgoing-state.mjs";
import { describeWindow } from "/static/inbox/app/composer/reply-window.mjs";
import {
	isEmpty,
	messagesOf,
	nothing,
	problemOfAll,
	withFiles,
	without,
	withoutFile,
	withText,
} from "/static/inbox/app/composer/written.mjs";
import { get, post, postForm, put } from "/static/inbox/app/core/api.mjs";
import { button, fill, h } from "/static/inbox/app/core/dom.mjs";
import { formatNumber } from "/static/inbox/app/core/format.mjs";
import { onInvalidate } from "/static/inbox/app/core/refresh.mjs";
import { gettext } from "/static/inbox/app/core/texts.mjs";

const POLL_MS = 2500;
const SECOND_MS = 1000;

const place = document.getElementById("inbox-answer");
const { conversation: id, platform } = place.dataset;
const address = `/api/conversations/${id}`;
const drafts = createDrafts(
	(_, { text, quote }, { isLeaving }) =>
		put(
			`${address}/draft`,
			{ text: text.slice(0, MAX_DRAFT), replyTo: quote?.id ?? null },
			{ keepalive: isLeaving },
		),
	show,
);

let written = nothing();
let messages = []; // on their way, oldest first
const known = new Map(); // ID → {text, file, quote, leavesAt} of those that were sent here
let reply = null; // what the server says of the time to answer

function change(next, { isDraft = true } = {}) {
	if (isDraft && (next.text !== written.text || next.quote !== written.quote)) drafts.change(id, next);
	written = next;
	draw();
}

function show(error) {
	change({ ...written, error: error.message });
}

// -- the view
function draw() {
	const window = reply && describeWindow(reply);
	const isOpen = window?.isOpen ?? true;
	const problem = written.error || (isEmpty(written) ? "" : problemOfAll(written, platform));
	const { length, most } = measure(written.text, platform);
	const count = gettext("%(length)s of %(most)s", { length: formatNumber(length), most: formatNumber(most) });
	const isBlocked = !isOpen || written.isSending || isEmpty(written) || Boolean(problem && !written.error);
	fill(
		place,
		h("h2", gettext("Answer")),
		messages.length > 0 && h("ol.inbox-outgoing", messages.map(item)),
		window && h("p.inbox-quiet", { role: "status" }, window.text),
		h(
			"form",
			{ onsubmit },
			quoteBox(),
			h("textarea.inbox-input.inbox-note-text", {
				"aria-label": gettext("Answer to the customer"),
				rows: 3,
				dir: "auto",
				readonly: written.isSending,
				value: written.text,
				oninput: ({ target }) => change(withText(written, target.value)),
				onkeydown,
			}),
			written.files.length > 0 && h("ul", written.files.map(fileItem)),
			h("p.inbox-error", { role: "alert" }, problem),
			h(
				"div.inbox-row",
				h("input", { type: "file", multiple: true, "aria-label": gettext("Attach files"), onchange }),
				h("span.inbox-quiet", length > 0 && count),
				h(
					"button.inbox-button",
					{ disabled: isBlocked },
					written.isSending ? gettext("Sending…") : gettext("Send"),
				),
			),
		),
	);
}

function quoteBox() {
	if (!written.quote) return null;
	const remove = () => change({ ...written, quote: null });
	const label = gettext("Don't quote");
	return h(
		"div.inbox-row.inbox-quoting",
		h("blockquote", { dir: "auto" }, written.quote.text),
		button("×", remove, "inbox-link", { "aria-label": label, title: label }),
	);
}

function fileItem({ id: key, file, problem }) {
	const remove = () => change(withoutFile(written, key));
	const label = gettext("Remove %(name)s", { name: file.name });
	return h(
		"li",
		{ key },
		h("bdi", file.name),
		" ",
		problem && h("span.inbox-error", problem),
		button("×", remove, "inbox-link", { "aria-label": label }),
	);
}

function item(message) {
	const { text, file, quote, leavesAt } = { ...contentOf(message), ...known.get(message.id) };
	const { label, reason, actions, isWrong } = describeOutgoing(message, secondsUntil(leavesAt));
	return h(
		"li",
		{ key: message.id },
		quote && h("blockquote", { dir: "auto" }, quote),
		h("p.inbox-text", { dir: "auto" }, text || file?.name),
		h(
			"p",
			h(
				"span",
				{ class: { "inbox-error": isWrong, "inbox-quiet": !isWrong } },
				[label, reason].filter(Boolean).join(": "),
			),
			actions.map(([name, title]) => [" ", button(title, () => act(name, message), "inbox-link")]),
		),
	);
}

const contentOf = ({ text = "", attachment = null, sendAt = null }) => ({
	text,
	file: attachment,
	leavesAt: sendAt ? Date.parse(sendAt) : 0,
});

// -- what the user does
function onquote({ target }) {
	const chosen = target.closest("[data-quote]");
	if (!chosen || written.isSending) return;
	change({ ...written, quote: quoteOf(Number(chosen.dataset.quote)) });
	place.querySelector("textarea").focus();
}

// The page has the text, unless the message is one of the older ones.
function quoteOf(event) {
	const text = document.querySelector(`[data-event="${event}"] .inbox-bubble > .inbox-text`)?.textContent;
	return { id: event, text: text || gettext("An earlier message") };
}

function onkeydown(event) {
	if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
}

function onchange(event) {
	event.stopImmediatePropagation(); // unfold expects each field for a file to be one of its own
	change(withFiles(written, [...event.target.files], platform));
	event.target.value = "";
}

function onsubmit(event) {
	event.preventDefault();
	const isOpen = !reply || describeWindow(reply).isOpen;
	if (isOpen && !isEmpty(written) && !written.isSending && !problemOfAll(written, platform)) send();
}

async function send() {
	change({ ...written, isSending: true, error: "" });
	try {
		for (const { clientId, text, file, replyTo } of messagesOf(written)) {
			const sending = file ? postForm : post;
			const content = { ...(file ? { file } : { text }), ...(replyTo ? { replyTo } : {}) };
			const { message } = await sending(`${address}/messages`, { clientId, ...content });
			const quote = replyTo ? written.quote?.text : "";
			known.set(message.id, { text, file, quote, leavesAt: Date.now() + CANCEL_MS });
			messages = [...messages.filter((one) => one.id !== message.id), message];
			change(without(written, clientId));
		}
		drafts.flush(id);
	} catch (error) {
		show(error);
		load();
	}
	change({ ...written, isSending: false });
}

async function act(name, message) {
	try {
		await decide(post, name, message);
		const { text } = { ...contentOf(message), ...known.get(message.id) };
		if (name === "cancel" && text && isEmpty(written)) change(withText(written, text));
		if (!isRetry(name)) messages = messages.filter((one) => one.id !== message.id);
	} catch (error) {
		show(error);
	}
	loadMessages();
}

// -- what the server says
async function load() {
	const { conversation } = await get(address).catch(() => ({ conversation: null }));
	reply = conversation?.reply ?? null;
	await loadMessages();
}

// What was sent stays until the page, which tells so itself, is loaded again.
async function loadMessages() {
	const before = messages;
	try {
		const listed = (await get(`${address}/messages`)).messages.toReversed();
		const ids = new Set(listed.map((one) => one.id));
		const others = before.filter((one) => !ids.has(one.id)).map((one) => get(`/api/messages/${one.id}`));
		const ended = (await Promise.all(others)).map(({ message }) => message);
		if (messages !== before) return; // newer than this answer
		messages = [...ended.filter((one) => one.state === "sent"), ...listed];
		draw();
	} catch {
		// The next change, or the next look, tries again.
	}
}

async function loadDraft() {
	const before = written;
	const { draft } = await get(`${address}/draft`).catch(() => ({ draft: null }));
	if (!draft || written !== before) return;
	const quote = draft.replyTo ? quoteOf(draft.replyTo) : null;
	change({ ...withText(written, draft.text), quote }, { isDraft: false });
}

draw();
load();
loadDraft();
onInvalidate(load);
document.querySelector(".inbox-timeline").addEventListener("click", onquote);
setInterval(() => messages.some(isMoving) && loadMessages(), POLL_MS);
setInterval(() => messages.some(({ state }) => state === "queued") && draw(), SECOND_MS);
addEventListener("pagehide", () => drafts.leave());
