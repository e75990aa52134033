// Short messages at the bottom of the page: what was done, with a way to undo it, and errors.

import { button, byId, h } from "./dom.mjs";

const VISIBLE_MS = 8000;
const MAX_MESSAGES = 2;

/** `action`: [label, function]. */
export function showMessage(message, action) {
	const close = show("toasts", "div.toast", message, action);
	setTimeout(close, VISIBLE_MS);
}

/** An error stays until the user dismisses it. */
export const showError = ({ message }) => void show("errors", "div.toast.error", message);

/** A message with a progress bar, which stays until it is closed. Returns {update(message, value), close()}. */
export function showProgress(message, max, action) {
	const text = h("span", message);
	const bar = h("progress", { max, value: 0, "aria-label": "Progress" });
	const close = show("toasts", "div.toast", h("span", text, bar), action);
	const update = (newMessage, value) => {
		text.textContent = newMessage;
		bar.value = value;
	};
	return { update, close };
}

function show(containerId, kind, message, action) {
	const close = () => item.remove();
	const run = () => {
		close();
		action[1]();
	};
	const actionButton = action && button(action[0], run, "");
	const dismiss = button("×", close, "", { "aria-label": "Dismiss" });
	const item = h(kind, h("span", message), actionButton, dismiss);
	const container = byId(containerId);
	container.append(item);
	const messages = [...container.children].filter((one) => !one.querySelector("progress"));
	for (const old of messages.slice(0, -MAX_MESSAGES)) old.remove();
	return close;
}
