// Deletes a person for good, after a typed confirmation.

import { remove } from "../core/api.mjs";
import { openForm } from "../core/dialog.mjs";
import { h } from "../core/dom.mjs";
import { displayName, plural } from "../core/format.mjs";
import { notifyChanged } from "../core/refresh.mjs";
import { closeOpen, state } from "../core/store.mjs";
import { showMessage } from "../core/toast.mjs";

const WORD = "delete";

export async function erasePerson(row) {
	const path = `/api/conversations/${row.id}`;
	const { deleted } = await remove(`${path}?dry_run=1`);
	const result = await openForm("Delete this person", fields(row, deleted), "Delete", (form) => {
		if (String(form.get("word")).trim().toLowerCase() !== WORD) throw new Error(`Type ${WORD} to confirm.`);
		return remove(path);
	});
	if (!result) return;
	if (state.openId === row.id) closeOpen();
	notifyChanged();
	showMessage("The person was deleted.");
}

function fields(row, { messages, history, tags }) {
	const numbers = [plural(messages, "message"), plural(tags, "tag"), `${plural(history, "act")} of staff`];
	const input = { name: "word", autocomplete: "off", autocapitalize: "off", required: true, autofocus: true };
	return [
		h("p", h("bdi", displayName(row)), ` is deleted for good, with ${numbers.join(", ")}.`),
		h("p", "No sync brings this person back. Nothing is deleted at Facebook. You cannot undo this."),
		h("label", `Type ${WORD} to confirm`, h("input", input)),
	];
}
