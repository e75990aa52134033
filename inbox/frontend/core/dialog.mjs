// Modal dialogs and forms, built on the browser's own dialogs: they keep the focus and close with Esc.

import { button, fill, h } from "./dom.mjs";

/** Shows a dialog. Resolves with the value given to `close(value)`; null if dismissed or another dialog is open. */
export async function openDialog(label, content, kind = "dialog") {
	if (document.querySelector("dialog[open]")) return null; // it was requested twice
	return new Promise((resolve) => {
		const dialog = h(`dialog.${kind}`, { "aria-label": label });
		let result = null;
		const close = (value = null) => {
			result = value;
			dialog.close();
		};
		dialog.addEventListener("click", (event) => event.target === dialog && close());
		dialog.addEventListener("close", () => {
			dialog.remove();
			resolve(result);
		});
		fill(dialog, h("div.dialog-body", content(close)));
		document.body.append(dialog);
		dialog.showModal();
	});
}

function dialogButtons(close, submit) {
	return h(
		"div.dialog-buttons",
		button("Cancel", () => close(), "button.plain"),
		submit,
	);
}

/** Resolves with true if the user confirms, else null. */
export function confirm(heading, message, label) {
	const content = (close) => [
		h("h2", heading),
		h("p", message),
		dialogButtons(
			close,
			button(label, () => close(true), "button", { autofocus: true }),
		),
	];
	return openDialog(heading, content);
}

/** A form. `fields`: elements. `submit`: called with the FormData; its error is shown in the form. */
export function openForm(heading, fields, label, submit) {
	return openDialog(heading, (close) => {
		const error = h("p.error", { role: "alert" });
		const onsubmit = async (event) => {
			event.preventDefault();
			event.submitter.disabled = true; // prevents a second submission
			try {
				close(await submit(new FormData(event.target)));
			} catch ({ message }) {
				error.textContent = message;
				event.submitter.disabled = false;
			}
		};
		const buttons = dialogButtons(close, h("button.button", label));
		return h("form", { onsubmit }, h("h2", heading), fields, error, buttons);
	});
}
