// The notice about the last action, with a button to undo it.

import { post } from "/static/inbox/app/core/api.mjs";
import { gettext } from "/static/inbox/app/core/texts.mjs";
import { refresh } from "./results.js";

const notice = document.getElementById("inbox-notice");

// `operation`: the ID of the operation that can be undone, if any.
export function showNotice(text, operation) {
	notice.toggleAttribute("data-error", false);
	notice.replaceChildren(text);
	if (operation) notice.append(undoButton(operation));
}

export function showError(error) {
	notice.replaceChildren(error.message);
	notice.toggleAttribute("data-error", true);
}

function undoButton(operation) {
	const button = document.createElement("button");
	Object.assign(button, { type: "button", className: "inbox-undo", textContent: gettext("Undo") });
	button.addEventListener("click", () => undo(operation));
	return button;
}

// To the page of an operation that a worker does in slices.
function progressLink(operation) {
	const link = document.createElement("a");
	link.href = `/admin/conversations/conversation/operations/${operation}/`;
	link.textContent = gettext("Show the progress");
	return link;
}

async function undo(operation) {
	try {
		const { message, changed, act, state } = await post(`/api/acts/${operation}/undo`);
		await refresh();
		showNotice(message, changed && act);
		if (state) notice.append(" ", progressLink(act));
	} catch (error) {
		showError(error);
	}
}

// Messages from the server link to a page that asks for confirmation; with scripts one click is enough.
addEventListener("click", (event) => {
	const link = event.target.closest("a.inbox-undo");
	if (!link) return;
	event.preventDefault();
	link.remove();
	undo(link.dataset.operation);
});
