// Notes: what staff write about a conversation. No customer sees them.

import { colleagues } from "../actions/assignee-picker.mjs";
import { patch, post, remove } from "../core/api.mjs";
import { confirm, openForm } from "../core/dialog.mjs";
import { button, fill, h, update } from "../core/dom.mjs";
import { findPage, hasRole, set, state, watch } from "../core/store.mjs";
import { focus, insertText } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";
import { showError } from "../core/toast.mjs";
import { highlight } from "../list/row.mjs";
import { refreshConversation } from "./conversation-loader.mjs";

const MAX_LENGTH = 5000;
const MENTION = /(^|[^\w@.+-])@([\w@.+-]*)$/; // at the place where the user types
const MAX_SUGGESTIONS = 6;
const drafts = new Map(); // conversation → the text that is not saved yet

export function startNotes() {
	watch(
		({ conversation, pages, writing }) => [
			conversation?.id,
			conversation?.status,
			conversation?.row?.page_id,
			pages,
			writing,
		],
		draw,
	);
}

export function writeNote() {
	set({ writing: "note" });
	draw(state);
	focus("note-text");
}

// Agents have either this field or the one for an answer: nobody sends a note to a customer by mistake.
function draw({ conversation, writing }) {
	const { id, row } = conversation ?? {};
	const page = findPage(row?.page_id);
	const isShown = hasRole("tagger", page) && (writing === "note" || !hasRole("agent", page));
	update("notes", { hidden: !isShown });
	fill("notes", isShown && form(id, page.id));
}

function form(id, pageId) {
	const text = h("textarea", {
		id: "note-text",
		name: "text",
		rows: 1,
		maxlength: MAX_LENGTH,
		dir: "auto",
		placeholder: gettext("Note for your team. @ mentions a colleague."),
		"aria-label": gettext("Note"),
		value: drafts.get(id) ?? "",
		oninput: ({ target }) => {
			drafts.set(id, target.value);
			suggest(target, pageId);
		},
		onkeydown: (event) => {
			if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
			if (event.key !== "Escape") event.stopPropagation(); // its keys are not shortcuts of the page
		},
	});
	const onsubmit = (/** @type {any} */ event) => {
		event.preventDefault();
		add(id, event.target.elements.text, event.submitter);
	};
	return h(
		"form.note-form",
		{ key: id, onsubmit },
		text,
		h("button.button.small", gettext("Add note")),
		h("ul.mentions", { id: "mentions" }),
	);
}

async function add(id, field, submitter) {
	const text = field.value.trim();
	if (!text) return;
	update(submitter ?? field, { disabled: true }); // prevents a second submission
	try {
		await post(`/api/conversations/${id}/notes`, { text });
		drafts.delete(id);
		update(field, { value: "" });
		await refreshConversation();
	} catch (error) {
		showError(error);
	} finally {
		update(submitter ?? field, { disabled: false });
	}
}

// -- mentions
const known = new Map(); // Page → the promise of its colleagues

async function suggest(field, pageId) {
	const [, , begun] = MENTION.exec(field.value.slice(0, field.selectionStart)) ?? [];
	if (begun === undefined) return fill("mentions");
	if (!known.has(pageId)) known.set(pageId, colleagues(pageId));
	const people = await known.get(pageId).catch(() => known.delete(pageId) && []);
	const fitting = people.filter(
		({ name }) => name.toLowerCase().startsWith(begun.toLowerCase()) && name !== begun,
	);
	return fill(
		"mentions",
		fitting.slice(0, MAX_SUGGESTIONS).map(({ id, name }) =>
			h(
				"li",
				{ key: id },
				button(`@${name}`, () => complete(field, begun, name), "button.small.plain"),
			),
		),
	);
}

function complete(field, begun, name) {
	insertText(field, `${name} `, begun.length);
	fill("mentions");
}

// -- in the timeline
/** The element of a note. */
export function noteElement({ event, search, isMatch, time }) {
	const mayChange = event.actor === state.user.name || mayManage();
	return h(
		"li.message.middle.staff-note",
		{ "data-id": event.id, class: { match: isMatch } },
		h("div.bubble", h("p", { dir: "auto" }, highlight(event.text, search))),
		h(
			"p.quiet",
			gettext("Note by %(name)s", { name: event.actor || gettext("a former colleague") }),
			" · ",
			time,
			event.data.edited_at && ` · ${gettext("edited")}`,
			mayChange && [
				" · ",
				button(gettext("Edit"), () => edit(event), "link"),
				" · ",
				button(gettext("Delete"), () => erase(event), "link"),
			],
		),
	);
}

const mayManage = () => hasRole("manager", findPage(state.conversation?.row?.page_id));

const address = (event) => `/api/conversations/${state.conversation?.id}/notes/${event.id}`;

async function edit(event) {
	const path = address(event);
	const text = h("textarea", {
		name: "text",
		rows: 5,
		maxlength: MAX_LENGTH,
		dir: "auto",
		autofocus: true,
		required: true,
	});
	update(text, { value: event.text });
	const save = async (/** @type {FormData} */ form) => {
		await patch(path, { text: String(form.get("text")).trim() });
		return true;
	};
	if (await openForm(gettext("Edit note"), h("label", gettext("Note"), text), gettext("Save"), save))
		await refreshConversation();
}

async function erase(event) {
	const path = address(event);
	if (
		!(await confirm(
			gettext("Delete this note"),
			gettext("It is gone for everybody. You cannot undo this."),
			gettext("Delete note"),
		))
	)
		return;
	await remove(path).catch(showError);
	await refreshConversation();
}
