// Short messages at the bottom of the page: what was done, with a way to undo it, and errors.

import { button, fill, h, update } from "./dom.mjs";
import { gettext } from "./texts.mjs";

/** @typedef {[label: string, run: () => unknown]} Action a button in a message, which closes it */
/** @typedef {{element: HTMLElement, isProgress: boolean}} Message */

const VISIBLE_MS = 8000;
const MAX_MESSAGES = 2;

/** @type {Record<string, Message[]>} the messages in each container, oldest first */
const shown = { toasts: [], errors: [] };

/** @param {string} message @param {Action} [action] */
export function showMessage(message, action) {
	const close = show("toasts", "div.toast", message, action);
	setTimeout(close, VISIBLE_MS);
}

/**
 * An error stays until the user dismisses it; one of a server that was not reached (status 0) until it is back.
 * @param {{message: string, status?: number}} error
 */
export function showError({ message, status }) {
	const close = show("errors", "div.toast.error", message);
	if (status === 0) untilReached.push(close);
}

/** @type {(() => void)[]} */
const untilReached = [];

/** The server is reached again. */
export function dismissUnreached() {
	for (const close of untilReached.splice(0)) close();
}

/**
 * A message with a progress bar, which stays until it is closed. Returns {update(message, value), close()}.
 * @param {string} message @param {number} max @param {Action} [action]
 */
export function showProgress(message, max, action) {
	const text = h("span", message);
	const bar = h("progress", { max, value: 0, "aria-label": gettext("Progress") });
	const content = h("span", text, bar);
	const close = show("toasts", "div.toast", content, action, true);
	return {
		close,
		/** @param {string} newMessage @param {number} value */
		update(newMessage, value) {
			fill(text, newMessage);
			update(bar, { value });
		},
	};
}

/**
 * Returns a function that closes the message.
 * @param {string} containerId @param {string} kind @param {import("./children.mjs").Child} content @param {Action} [action]
 */
function show(containerId, kind, content, action, isProgress = false) {
	const close = () => draw(containerId, ...shown[containerId].filter((one) => one !== message));
	const run = () => {
		close();
		action?.[1]();
	};
	const actionButton = action && button(action[0], run, "");
	const dismiss = button("×", close, "", { "aria-label": gettext("Dismiss") });
	const message = { element: h(kind, h("span", content), actionButton, dismiss), isProgress };
	draw(containerId, ...shown[containerId], message);
	return close;
}

/** @param {string} containerId @param {...Message} messages */
function draw(containerId, ...messages) {
	const old = messages.filter(({ isProgress }) => !isProgress).slice(0, -MAX_MESSAGES);
	shown[containerId] = messages.filter((message) => !old.includes(message));
	fill(containerId, ...shown[containerId].map(({ element }) => element));
}
