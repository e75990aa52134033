// The composer: what an agent writes to the customer of the open conversation, and sends.

import { openAtFacebook } from "../conversation/at-facebook.mjs";
import { refreshConversation } from "../conversation/conversation-loader.mjs";
import { get, put } from "../core/api.mjs";
import { button, fill, h, update } from "../core/dom.mjs";
import { isHidden, watchVisibility } from "../core/event-stream.mjs";
import { formatNumber } from "../core/format.mjs";
import { lazy } from "../core/lazy.mjs";
import { findPage, hasRole, set, state, watch, when } from "../core/store.mjs";
import { elementOf, focus, insertText } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";
import { showError } from "../core/toast.mjs";
import { createDrafts, MAX_DRAFT } from "./drafts.mjs";
import { measure } from "./message-length.mjs";
import { addOutgoing, sendMessage, startOutgoing } from "./outgoing.mjs";
import { fileList, quoteBox, tools } from "./parts.mjs";
import { describeWindow } from "./reply-window.mjs";
import {
	closeSuggestions,
	handleSuggestionKey,
	insertReply,
	startSuggestions,
	suggest,
	suggestionAttributes,
	suggestionList,
} from "./suggestions.mjs";
import {
	isEmpty,
	messagesOf,
	nothing,
	problemOfAll,
	withFiles,
	without,
	withoutFile,
	withText,
} from "./written.mjs";

const TICK_MS = 20_000;
const FIELD = "answer-text";

const pickReply = lazy(() => import("./reply-picker.mjs"), "pickReply");

/** @typedef {import("./written.mjs").Written} Written */

/** @type {Map<number, Written>} */
const all = new Map();
/** @type {Map<number, Promise<any>>} stored drafts: nothing replaces one before it is known */
const stored = new Map();
const drafts = createDrafts(saveDraft, (error) => showError(error));

let isStarted = false;
let opened = null; // the conversation whose draft was asked for
let askedUntil = null; // the end of the time to answer at which the server was asked again

/** Starts when an agent opens the first conversation; further calls do nothing. */
export function startComposer() {
	if (isStarted) return;
	isStarted = true;
	watch(
		({ conversation, pages, writing }) => [conversation?.row, conversation?.status, pages, writing],
		draw,
	);
	when(() => [answeredRow()?.id ?? null], open);
	when(({ quote }) => [quote], takeQuote);
	update("conversation-open", { ondragover, ondragleave: () => markDrop(false), ondrop });
	watchVisibility({ onChange: onVisibilityChange, onLeave: drafts.leave });
	setInterval(tick, TICK_MS);
	startSuggestions(() => draw(state));
	startOutgoing({ giveBack });
}

/** Puts the focus in the field for the answer. */
export function writeAnswer() {
	set({ writing: "answer" });
	draw(state);
	if (answeredRow() && !isClosedAndEmpty(answeredRow())) focus(FIELD);
}

// The open conversation, if the user may answer there.
function answeredRow({ conversation } = state) {
	const row = conversation?.status === "error" ? null : conversation?.row;
	return row && hasRole("agent", findPage(row.page_id)) ? row : null;
}

const writtenIn = (id) => all.get(id) ?? nothing();

/** @param {number} id @param {Written} written */
function setWritten(id, written, { isDraft = true } = {}) {
	const before = writtenIn(id);
	all.set(id, written);
	if (isDraft && (before.text !== written.text || before.quote !== written.quote)) drafts.change(id, written);
	if (answeredRow()?.id === id) draw(state);
}

// -- drafts
function open() {
	const id = answeredRow()?.id ?? null;
	if (opened && opened !== id) drafts.flush(opened);
	closeSuggestions();
	opened = id;
	if (id) loadDraft(id);
}

// The user may have written on with another device meanwhile.
function onVisibilityChange() {
	if (isHidden()) drafts.leave();
	else if (opened) loadDraft(opened);
}

async function saveDraft(id, { text, quote }, { isLeaving }) {
	if (!isLeaving) await stored.get(id);
	return put(
		`/api/conversations/${id}/draft`,
		{ text: text.slice(0, MAX_DRAFT), replyTo: quote?.id ?? null },
		{ keepalive: isLeaving },
	);
}

// What is written here and not stored yet is newer.
async function loadDraft(id) {
	if (drafts.isWaiting(id)) return;
	const before = writtenIn(id);
	all.set(id, before);
	const asked = get(`/api/conversations/${id}/draft`).catch(() => ({ draft: undefined }));
	stored.set(id, asked);
	const { draft } = await asked;
	const now = writtenIn(id);
	if (draft === undefined || now.isSending) return;
	if (now !== before) return keepBoth(id, before, now, draft?.text ?? "");
	const quote = draft?.replyTo ? { id: draft.replyTo, text: textOf(draft.replyTo) } : null;
	setWritten(id, { ...withText(before, draft?.text ?? ""), quote }, { isDraft: false });
}

// What was written before the draft arrived follows it.
function keepBoth(id, before, now, first) {
	if (before.text || !now.text || now.text.startsWith(first)) return;
	setWritten(id, withText(now, `${first}\n${now.text}`));
}

function textOf(eventId) {
	const event = state.conversation?.events.find(({ id }) => id === eventId);
	return event?.text || gettext("An earlier message");
}

function takeQuote({ quote }) {
	const row = answeredRow();
	if (!quote || quote.conversationId !== row?.id) return;
	setWritten(row.id, { ...writtenIn(row.id), quote: { id: quote.id, text: quote.text } });
	focus(FIELD);
}

// What was cancelled can be written on, unless something else was begun.
function giveBack(id, { text, file }) {
	const written = writtenIn(id);
	const platform = state.conversation?.row?.platform ?? "messenger";
	if (file) return setWritten(id, withFiles(written, [file], platform));
	return !written.text.trim() && setWritten(id, withText(written, text));
}

// -- the view
function draw({ conversation, writing }) {
	const row = answeredRow();
	update("composer", { hidden: !row });
	if (!row) return fill("composer");
	return fill("composer", modes(writing), writing === "answer" && form(row, conversation.status));
}

const MODES = { answer: gettext("Answer"), note: gettext("Note") };

function modes(writing) {
	const mode = (name) =>
		button(MODES[name], () => set({ writing: name }), "mode", { "aria-pressed": String(writing === name) });
	return h(
		"div.modes",
		{ role: "group", "aria-label": gettext("What you write") },
		Object.keys(MODES).map(mode),
	);
}

function form(row, status) {
	const written = writtenIn(row.id);
	const window = row.reply === undefined && status === "loading" ? null : describeWindow(row.reply);
	const isReconnect = findPage(row.page_id)?.state === "reconnect";
	return h(
		"form.answer",
		{ key: row.id, onsubmit: (event) => submit(event, row) },
		windowLine(row, window, isReconnect),
		!isClosedAndEmpty(row) && [
			quoteBox(written, () => setWritten(row.id, { ...written, quote: null })),
			fileList(written, (id) => setWritten(row.id, withoutFile(writtenIn(row.id), id))),
			suggestionList((reply) => choose(row, reply)),
			field(row, written),
			problemLine(row, written),
			toolbar(row, written, isReconnect || window?.isOpen === false),
		],
	);
}

function isClosedAndEmpty(row) {
	return describeWindow(row.reply).isOpen === false && isEmpty(writtenIn(row.id));
}

function windowLine(row, window, isReconnect) {
	if (isReconnect)
		return h("p.window.closed", gettext("Reconnect needed: until then nobody can answer here."));
	if (!window) return null;
	const atFacebook =
		row.platform === "messenger"
			? button(gettext("Answer at Facebook"), () => openAtFacebook(row), "link")
			: gettext("Answer in the Instagram app.");
	return h(
		"p.window",
		{ class: { closed: !window.isOpen, soon: window.isSoon } },
		window.text,
		!window.isOpen && [" ", atFacebook],
	);
}

function field(row, { text, isSending }) {
	return h("textarea", {
		id: FIELD,
		name: "text",
		rows: 2,
		dir: "auto",
		placeholder: gettext("Answer the customer. / inserts a saved reply."),
		"aria-label": gettext("Answer"),
		...suggestionAttributes(),
		"aria-describedby": "answer-problem",
		readonly: isSending,
		value: text,
		oninput: ({ target }) => onInput(row, target),
		onkeydown: (event) => onKeyDown(event, row),
		onblur: closeSuggestions,
		onpaste: (event) => onPaste(event, row),
	});
}

function problemLine(row, written) {
	const problem = written.error || (isEmpty(written) ? "" : problemOfAll(written, row.platform));
	return h("p.error", { id: "answer-problem", role: "alert" }, problem);
}

function toolbar(row, written, isClosed) {
	const { length, most, unit, excess } = measure(written.text, row.platform);
	const values = { length: formatNumber(length), most: formatNumber(most) };
	const count =
		unit === "bytes"
			? gettext("%(length)s of %(most)s bytes", values)
			: gettext("%(length)s of %(most)s characters", values);
	const isBlocked =
		isClosed || written.isSending || isEmpty(written) || Boolean(problemOfAll(written, row.platform));
	return h(
		"div.tools",
		tools(row.platform, {
			addFiles: (files) => addFiles(row, files),
			insert: (text) => insertText(fieldElement(), text, 0),
			openReplies: () => chooseFromAll(row),
		}),
		h("span.count", { class: { over: excess > 0 } }, length > 0 && count),
		h("button.button", { disabled: isBlocked, title: gettext("Ctrl Enter") }, sendLabel(written)),
	);
}

const sendLabel = ({ isSending }) => (isSending ? gettext("Sending…") : gettext("Send"));

const fieldElement = () => /** @type {HTMLTextAreaElement} */ (elementOf(FIELD));

// -- typing
function onInput(row, target) {
	setWritten(row.id, withText(writtenIn(row.id), target.value));
	suggest(target, row.page_id);
}

function onKeyDown(event, row) {
	if (handleSuggestionKey(event, (reply) => choose(row, reply))) return event.stopPropagation();
	if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
	if (event.key !== "Escape") event.stopPropagation(); // its keys are not shortcuts of the page
	return undefined;
}

const choose = (row, reply) => insertReply(reply, row.id, fieldElement());

async function chooseFromAll(row) {
	const reply = await pickReply(row.page_id, writtenIn(row.id).text);
	if (reply && answeredRow()?.id === row.id) await choose(row, reply);
}

// -- files
function addFiles(row, files) {
	setWritten(row.id, withFiles(writtenIn(row.id), [...files], row.platform));
}

// Spreadsheets copy a picture beside the text: then the text is meant.
function onPaste(event, row) {
	const { files, types } = event.clipboardData ?? {};
	if (!files?.length || types.includes("text/plain")) return;
	event.preventDefault();
	addFiles(row, files);
}

const hasFiles = (event) =>
	Boolean(answeredRow() && event.dataTransfer?.types.some((type) => type.toLowerCase() === "files"));

function ondragover(event) {
	if (!hasFiles(event)) return;
	event.preventDefault();
	markDrop(true);
}

function ondrop(event) {
	if (!hasFiles(event)) return;
	event.preventDefault();
	markDrop(false);
	set({ writing: "answer" });
	addFiles(answeredRow(), event.dataTransfer.files);
}

const markDrop = (isOver) => update("conversation-open", { class: { dropping: isOver } });

// -- sending
function submit(event, row) {
	event.preventDefault();
	const written = writtenIn(row.id);
	if (isEmpty(written) || written.isSending || problemOfAll(written, row.platform)) return;
	if (describeWindow(row.reply).isOpen) send(row.id);
}

// One after the other. What has failed stays written, and keeps its ID when it is sent again.
async function send(id) {
	setWritten(id, { ...writtenIn(id), isSending: true, error: "" });
	try {
		for (const message of messagesOf(writtenIn(id))) {
			const { quote } = writtenIn(id);
			addOutgoing(id, await sendMessage(id, message), {
				...message,
				quote: message.replyTo ? quote?.text : "",
			});
			setWritten(id, without(writtenIn(id), message.clientId));
		}
		drafts.flush(id);
	} catch (error) {
		setWritten(id, { ...writtenIn(id), error: error.message });
		if (error.status === 409) refreshConversation(); // the time to answer may have ended
	}
	setWritten(id, { ...writtenIn(id), isSending: false });
}

// -- time
function tick() {
	const row = answeredRow();
	if (!row) return;
	const { isOver } = describeWindow(row.reply);
	if (isOver && askedUntil !== row.reply.until) {
		askedUntil = row.reply.until;
		refreshConversation();
	}
	draw(state);
}
