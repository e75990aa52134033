// The dialogs of saved replies: pick one, and make, change and delete them.

import { chooseOption } from "../actions/combobox.mjs";
import { confirm, openDialog, openForm } from "../core/dialog.mjs";
import { button, h } from "../core/dom.mjs";
import { plural } from "../core/format.mjs";
import { filteredPages, findPage, hasRole } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { showError } from "../core/toast.mjs";
import { deleteReply, repliesOf, saveReply } from "./saved-replies.mjs";
import { VARIABLES } from "./written.mjs";

const MAX_LENGTH = 2000;
const MAX_LETTERS = 60; // of a text in the list

/**
 * Resolves with a saved reply of the Page, or null. `text`: what the user has written, for a new one.
 * @param {string} facebookPageId @param {string} [text]
 */
export async function pickReply(facebookPageId, text = "") {
	const replies = await repliesOf(facebookPageId);
	const options = replies.map((reply) => ({
		reply,
		label: reply.name,
		keywords: `/${reply.shortcut} ${reply.text}`,
		hint: [reply.shortcut && `/${reply.shortcut}`, reply.text.slice(0, MAX_LETTERS)]
			.filter(Boolean)
			.join(" · "),
	}));
	const extraOptions = (query) => [
		{
			label: gettext("New saved reply …"),
			run: () => editReply({ name: query, text, facebookPageId }, facebookPageId),
		},
		{ label: gettext("Change saved replies …"), run: () => manageReplies(facebookPageId) },
	];
	const choice = await chooseOption(gettext("Saved replies"), options, {
		extraOptions,
		placeholder: gettext("Name, shortcut or text"),
	});
	if (choice?.run) await choice.run();
	return choice?.reply ?? null;
}

/** Lists the saved replies of a Page of the user, who chooses it. */
export async function manageRepliesOfPage() {
	const pages = filteredPages().filter((page) => hasRole("tagger", page));
	const options = pages.map((page) => ({ page, label: page.name }));
	const choice = pages.length > 1 ? await chooseOption(gettext("Page"), options) : options[0];
	if (choice) await manageReplies(choice.page.facebook_page_id);
}

/** Lists the saved replies of the Page, with those that the user may change. */
export async function manageReplies(facebookPageId) {
	const replies = [...(await repliesOf(facebookPageId))].sort((first, second) =>
		first.name.localeCompare(second.name),
	);
	const next = await openDialog(gettext("Saved replies"), (close) => [
		h("h2", { tabindex: -1, autofocus: true }, gettext("Saved replies")),
		h(
			"ul.records",
			replies.length ? replies.map((reply) => item(reply, close)) : h("li.quiet", gettext("None yet.")),
		),
		h(
			"div.dialog-buttons",
			button(gettext("Close"), () => close(), "button.plain"),
			button(gettext("New saved reply"), () => close(() => editReply({ facebookPageId }, facebookPageId))),
		),
	]);
	if (!next) return;
	await next();
	await manageReplies(facebookPageId);
}

function item(reply, close) {
	const { name, shortcut, text, uses, mayChange, facebookPageId } = reply;
	const edit = () => close(() => editReply(reply, facebookPageId));
	return h(
		"li.reply-item",
		h(
			"span",
			h("b", name),
			shortcut && [" ", h("kbd", `/${shortcut}`)],
			h("span.reply-text", { dir: "auto" }, text),
		),
		h("span.quiet", plural(uses, "used %(count)s time", "used %(count)s times")),
		mayChange && [
			button(gettext("Edit"), edit, "button.small.plain", {
				"aria-label": gettext("Edit %(name)s", { name }),
			}),
			button(gettext("Delete"), () => close(() => askToDelete(reply)), "button.small.plain", {
				"aria-label": gettext("Delete %(name)s", { name }),
			}),
		],
	);
}

async function askToDelete(reply) {
	const question = gettext("“%(name)s” is gone for everybody. You cannot undo this.", { name: reply.name });
	if (await confirm(gettext("Delete saved reply"), question, gettext("Delete")))
		await deleteReply(reply).catch(showError);
}

/**
 * Opens the form; resolves with the reply as it is stored, or null.
 * @param {{id?: number, name?: string, shortcut?: string, text?: string, facebookPageId: string | null}} reply @param {string} pageId
 */
function editReply({ id, name = "", shortcut = "", text = "", facebookPageId }, pageId) {
	const heading = id ? gettext("Change saved reply") : gettext("New saved reply");
	const page = findPage(pageId)?.name ?? gettext("This Page");
	const fields = [
		h(
			"label",
			gettext("Name"),
			h("input", { name: "name", value: name, maxlength: 100, required: true, autofocus: true }),
		),
		h(
			"label",
			gettext("Shortcut, without the slash"),
			h("input", { name: "shortcut", value: shortcut, maxlength: 31 }),
		),
		h(
			"label",
			gettext("Text"),
			h("textarea", {
				name: "text",
				rows: 5,
				maxlength: MAX_LENGTH,
				required: true,
				dir: "auto",
				value: text,
			}),
		),
		h(
			"p.quiet",
			gettext("Variables: %(names)s. {first_name|there} says “there” if the name is not known.", { names }),
		),
		h(
			"label",
			gettext("For"),
			h(
				"select",
				{ name: "for", value: facebookPageId ? "page" : "all" },
				h("option", { value: "page" }, page),
				h("option", { value: "all" }, gettext("All Pages")),
			),
		),
	];
	return openForm(heading, fields, gettext("Save"), (/** @type {FormData} */ form) => {
		const forPage = form.get("for") === "page" ? pageId : null;
		const [newName, newShortcut, newText] = ["name", "shortcut", "text"].map((key) => String(form.get(key)));
		return saveReply({ id, name: newName, shortcut: newShortcut, text: newText, facebookPageId: forPage });
	});
}

const names = VARIABLES.map((name) => `{${name}}`).join(", ");
