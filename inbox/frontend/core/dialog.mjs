// Modal dialogs and forms, built on the browser's own dialogs: they keep the focus and close with Esc.

import { button, fill, h, update } from "./dom.mjs";
import { openLayer } from "./entries.mjs";
import { isDialogOpen } from "./targets.mjs";
import { gettext } from "./texts.mjs";

/** @typedef {import("./children.mjs").Child} Child */
/** @typedef {(value?: any) => void} Close */

/**
 * Shows a dialog. Resolves with the value given to `close(value)`; null if dismissed or another dialog is open.
 * @param {string} label @param {(close: Close) => Child} content @param {string} [kind]
 */
export async function openDialog(label, content, kind = "dialog") {
	if (isDialogOpen()) return null; // it was requested twice
	return new Promise((resolve) => {
		/** @type {any} */
		let result = null;
		/** @type {Close} */
		const close = (value = null) => {
			result = value;
			dialog.close();
		};
		const onclick = (/** @type {Event} */ { target }) => target === dialog && close(); // beside the contents
		const onclose = () => {
			onClosed();
			dialog.remove();
			resolve(result);
		};
		const body = h("div.dialog-body", content(close));
		const dialog = /** @type {HTMLDialogElement} */ (
			h(`dialog.${kind}`, { "aria-label": label, onclick, onclose }, body)
		);
		document.body.append(dialog);
		dialog.showModal();
		const onClosed = openLayer(() => dialog.close());
	});
}

/** @param {Close} close @param {Child} submit */
function dialogButtons(close, submit) {
	return h(
		"div.dialog-buttons",
		button(gettext("Cancel"), () => close(), "button.plain"),
		submit,
	);
}

/**
 * Resolves with true if the user confirms, else null.
 * @param {string} heading @param {string} message @param {string} label
 */
export function confirm(heading, message, label) {
	const content = (/** @type {Close} */ close) => [
		h("h2", heading),
		h("p", message),
		dialogButtons(
			close,
			button(label, () => close(true), "button", { autofocus: true }),
		),
	];
	return openDialog(heading, content);
}

/**
 * A form. `fields`: elements. `submit`: called with the FormData; its error is shown in the form.
 * @param {string} heading @param {Child} fields @param {string} label @param {(data: FormData) => Promise<any>} submit
 */
export function openForm(heading, fields, label, submit) {
	return openDialog(heading, (close) => {
		const error = h("p.error", { role: "alert" });
		const onsubmit = async (/** @type {any} */ event) => {
			event.preventDefault();
			update(event.submitter, { disabled: true }); // prevents a second submission
			try {
				close(await submit(new FormData(event.target)));
			} catch ({ message }) {
				fill(error, message);
				update(event.submitter, { disabled: false });
			}
		};
		const buttons = dialogButtons(close, h("button.button", label));
		return h("form", { onsubmit }, h("h2", heading), fields, error, buttons);
	});
}
