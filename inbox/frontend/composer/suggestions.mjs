// Saved replies that are offered while their shortcut is typed after a slash.

import { h } from "../core/dom.mjs";
import { hasFocus, insertText } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";
import { showError } from "../core/toast.mjs";
import { fittingReplies, typedShortcut } from "./matching.mjs";
import { repliesOf, textFor } from "./saved-replies.mjs";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };
const MAX_LETTERS = 80; // of a text in the list

/** @type {{word: string, replies: any[], index: number} | null} */
let shown = null;
let redraw = () => {};

/** `draw()`: shows the list again, and the field. */
export function startSuggestions(draw) {
	redraw = draw;
}

/** The list. `choose(reply)`: one was chosen. */
export function suggestionList(choose) {
	const { replies = [], index = 0 } = shown ?? {};
	return h(
		"ul.reply-suggestions",
		{ id: "reply-suggestions", role: "listbox", "aria-label": gettext("Saved replies"), hidden: !shown },
		replies.map((reply, place) => option(reply, place, place === index, choose)),
	);
}

/** What the field says of the list. */
export const suggestionAttributes = () => ({
	"aria-autocomplete": "list",
	"aria-controls": shown && "reply-suggestions",
	"aria-activedescendant": shown && `reply-suggestion-${shown.index}`,
});

/** Offers what fits the word before the cursor. */
export async function suggest(field, pageId) {
	const word = wordIn(field);
	if (word === null) return closeSuggestions();
	const replies = fittingReplies(await repliesOf(pageId), word);
	if (!hasFocus(field) || wordIn(field) !== word) return undefined; // the user has gone on
	shown = replies.length ? { word, replies, index: 0 } : null;
	return redraw();
}

const wordIn = (field) => typedShortcut(field.value.slice(0, field.selectionStart));

export function closeSuggestions() {
	if (!shown) return;
	shown = null;
	redraw();
}

function option(reply, place, isSelected, choose) {
	return h(
		"li",
		{
			id: `reply-suggestion-${place}`,
			role: "option",
			"aria-selected": String(isSelected),
			onmousedown: (event) => event.preventDefault(), // the field keeps the focus
			onclick: () => choose(reply),
		},
		reply.shortcut && h("kbd", `/${reply.shortcut}`),
		h("b", reply.name),
		h("span.quiet", { dir: "auto" }, reply.text.slice(0, MAX_LETTERS)),
	);
}

/** Handles a key in the field; returns whether it was for the list. `choose(reply)`: one was chosen. */
export function handleSuggestionKey(event, choose) {
	if (!shown || event.ctrlKey || event.metaKey || event.altKey) return false;
	const step = STEPS[event.key];
	if (step) shown.index = (shown.index + step + shown.replies.length) % shown.replies.length;
	else if (event.key === "Enter" || event.key === "Tab") choose(shown.replies[shown.index]);
	else if (event.key !== "Escape") return false;
	event.preventDefault();
	if (event.key === "Escape") closeSuggestions();
	else redraw();
	return true;
}

/** Writes the text of a reply for this customer where the cursor is, instead of its shortcut. */
export async function insertReply(reply, conversationId, field) {
	const word = shown?.word ?? null;
	closeSuggestions();
	const text = await textFor(reply, conversationId).catch(showError);
	if (text === undefined || !field.isConnected) return;
	const isTyped = word !== null && wordIn(field) === word;
	insertText(field, text, isTyped ? word.length + 1 : 0);
}
