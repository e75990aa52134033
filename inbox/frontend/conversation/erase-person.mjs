// Deletes a person for good, after a typed confirmation.

import { remove } from "../core/api.mjs";
import { openForm } from "../core/dialog.mjs";
import { h } from "../core/dom.mjs";
import { displayName, plural } from "../core/format.mjs";
import { notifyChanged } from "../core/refresh.mjs";
import { closeOpen, state } from "../core/store.mjs";
import { gettext, gettextParts } from "../core/texts.mjs";
import { showMessage } from "../core/toast.mjs";

const WORD = "delete";

export async function erasePerson(row) {
	const path = `/api/conversations/${row.id}`;
	const { deleted } = await remove(`${path}?dry_run=1`);
	const result = await openForm(
		gettext("Delete this person"),
		fields(row, deleted),
		gettext("Delete"),
		(form) => {
			if (String(form.get("word")).trim().toLowerCase() !== WORD)
				throw new Error(gettext("Type %(word)s to confirm.", { word: WORD }));
			return remove(path);
		},
	);
	if (!result) return;
	if (state.openId === row.id) closeOpen();
	notifyChanged();
	showMessage(gettext("The person was deleted."));
}

function fields(row, { messages, history, tags }) {
	const numbers = [
		plural(messages, "%(count)s message", "%(count)s messages"),
		plural(tags, "%(count)s tag", "%(count)s tags"),
		plural(history, "%(count)s act of staff", "%(count)s acts of staff"),
	];
	const input = { name: "word", autocomplete: "off", autocapitalize: "off", required: true, autofocus: true };
	return [
		h(
			"p",
			gettextParts("%(name)s is deleted for good, with %(numbers)s.", {
				name: h("bdi", displayName(row)),
				numbers: numbers.join(", "),
			}),
		),
		h("p", gettext("No sync brings this person back. Nothing is deleted at Facebook. You cannot undo this.")),
		h("label", gettext("Type %(word)s to confirm", { word: WORD }), h("input", input)),
	];
}
