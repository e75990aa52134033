// The search in the open conversation: a field, the number of matches, and the way from one to the next.

import { fill, h, iconButton, update } from "../core/dom.mjs";
import { formatNumber } from "../core/format.mjs";
import { state, watch } from "../core/store.mjs";
import { focus } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";
import { isShort } from "../core/url.mjs";
import { findMatches, leaveMatches, showNextMatch } from "./conversation-loader.mjs";

const TYPING_DELAY_MS = 250;

let isStarted = false;
let typingTimer = null;
let isOpen = false; // by the user
/** @type {number | null} the conversation in which it is */
let openFor = null;

/** Shows the bar as soon as there are matches to go through. Further calls do nothing. */
export function startMatchBar() {
	if (isStarted) return;
	isStarted = true;
	watch(({ conversation }) => [conversation?.id, conversation?.matches], draw);
}

/** Opens the bar, with the focus in its field. */
export function findInConversation() {
	startMatchBar();
	[isOpen, openFor] = [true, state.openId];
	draw(state);
	focus("match-text");
}

export const stepMatch = (step) => showNextMatch(step);

function close() {
	clearTimeout(typingTimer);
	isOpen = false;
	leaveMatches();
	draw(state);
	focus("messages");
}

function draw({ conversation }) {
	const matches = conversation?.matches;
	const isShown = Boolean(conversation) && (Boolean(matches) || (isOpen && openFor === conversation.id));
	update("match-bar", { hidden: !isShown });
	if (!isShown) return fill("match-bar");
	const { index = -1, total = null } = matches ?? {};
	return fill(
		"match-bar",
		h("input", {
			id: "match-text",
			type: "search",
			dir: "auto",
			"aria-label": gettext("Search in this conversation"),
			placeholder: gettext("Search in this conversation"),
			autocomplete: "off",
			value: matches?.text ?? "",
			oninput,
			onkeydown,
		}),
		h("span.quiet", { role: "status" }, result(matches)),
		iconButton("up", gettext("Next match, older (n)"), () => showNextMatch(1), {
			disabled: !total || index >= total - 1,
		}),
		iconButton("down", gettext("Previous match, newer (Shift N)"), () => showNextMatch(-1), {
			disabled: index < 1,
		}),
		iconButton("close", gettext("Close the search"), close),
	);
}

function result(matches) {
	if (!matches) return "";
	const { index, total, error } = matches;
	if (error) return error.message;
	if (total === null) return gettext("Searching…");
	return total
		? gettext("%(index)s of %(count)s", { index: formatNumber(index + 1), count: formatNumber(total) })
		: gettext("Not found");
}

function oninput({ target: { value } }) {
	clearTimeout(typingTimer);
	typingTimer = setTimeout(() => find(value.trim()), TYPING_DELAY_MS);
}

function find(text) {
	[isOpen, openFor] = [true, state.openId];
	if (isShort(text)) leaveMatches();
	else findMatches(text);
}

function onkeydown(event) {
	const { key, shiftKey, target } = event;
	if (key !== "Enter" && key !== "Escape") return;
	event.preventDefault();
	event.stopPropagation(); // these keys are shortcuts, too
	if (key === "Escape") return close();
	clearTimeout(typingTimer);
	const text = target.value.trim();
	if (text !== state.conversation?.matches?.text) return find(text);
	return showNextMatch(shiftKey ? -1 : 1);
}
