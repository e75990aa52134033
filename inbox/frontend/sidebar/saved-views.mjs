// Saves the filter as a view, and deletes saved views.

import { post, remove } from "../core/api.mjs";
import { confirm, openForm } from "../core/dialog.mjs";
import { h } from "../core/dom.mjs";
import { findPage, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { showError, showMessage } from "../core/toast.mjs";
import { toQuery } from "../core/url.mjs";
import { loadViews } from "./sidebar-loader.mjs";

export async function saveView() {
	const { facebookPageId, ...query } = toQuery(state.filter);
	const page = findPage(facebookPageId);
	const shareLabel = page
		? gettext("Share with everyone who has access to %(page)s", { page: page.name })
		: gettext("Share with everyone");
	const fields = [
		h(
			"label",
			gettext("Name"),
			h("input", { name: "name", maxlength: 100, required: true, autofocus: true }),
		),
		h("label.check", h("input", { type: "checkbox", name: "shared" }), shareLabel),
	];
	const saved = await openForm(gettext("Save as view"), fields, gettext("Save"), (form) =>
		post("/api/views", {
			name: String(form.get("name")).trim(),
			query,
			shared: form.get("shared") !== null,
			...(facebookPageId && { facebookPageId }),
		}),
	);
	if (!saved) return;
	await loadViews();
	showMessage(gettext("Saved as “%(name)s”.", { name: saved.view.name }));
}

export async function deleteView(view) {
	const message = view.shared
		? gettext("It is shared with others. The conversations are not deleted.")
		: gettext("The conversations are not deleted.");
	if (
		!(await confirm(gettext("Delete the view “%(name)s”?", { name: view.name }), message, gettext("Delete")))
	)
		return;
	await remove(`/api/views/${view.id}`).catch(showError);
	await loadViews();
}
