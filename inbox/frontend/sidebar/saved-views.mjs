// Saves the filter as a view; renames, edits, orders and deletes saved views.

import { post, put, remove } from "../core/api.mjs";
import { confirm, openForm } from "../core/dialog.mjs";
import { h } from "../core/dom.mjs";
import { openMenu } from "../core/menu.mjs";
import { findPage, set, state } from "../core/store.mjs";
import { announce } from "../core/targets.mjs";
import { gettext, gettextParts } from "../core/texts.mjs";
import { showError, showMessage } from "../core/toast.mjs";
import { isSameFilter, toQuery, viewFilter } from "../core/url.mjs";
import { filterParts } from "../list/filter-labels.mjs";
import { loadViews, noteMove } from "./sidebar-loader.mjs";

const isOwn = (view) => view.owner === state.user.name;
const ownViews = () => (state.views ?? []).filter(isOwn);

const nameField = (value) =>
	h(
		"label",
		gettext("Name"),
		h("input", { name: "name", value, maxlength: 100, required: true, autofocus: true, dir: "auto" }),
	);

function shareField(page, checked) {
	const label = page
		? gettext("Share with everyone who has access to %(page)s", { page: page.name })
		: gettext("Share with everyone");
	return h("label.check", h("input", { type: "checkbox", name: "shared", checked }), label);
}

const bodyOf = (form, { facebookPageId, ...query }) => ({
	name: String(form.get("name")).trim(),
	query,
	shared: form.get("shared") !== null,
	...(facebookPageId && { facebookPageId }),
});

export async function saveView() {
	const query = toQuery(state.filter);
	const fields = [nameField(""), shareField(findPage(query.facebookPageId), false)];
	const saved = await openForm(gettext("Save as view"), fields, gettext("Save"), (form) =>
		post("/api/views", bodyOf(form, query)),
	);
	if (!saved) return;
	await loadViews();
	showMessage(gettext("Saved as “%(name)s”.", { name: saved.view.name }));
}

/** Changes its name, whom it is shared with and, if another filter is shown now, its filter. */
async function editView(view) {
	const before = viewFilter(view);
	const current = toQuery(state.filter);
	const isOther = !isSameFilter(before, current);
	const fields = [
		nameField(view.name),
		shareField(findPage(before.facebookPageId), view.shared),
		h("p.quiet", gettextParts("Filter: %(filter)s", { filter: h("bdi", words(before)) })),
		isOther &&
			h(
				"label.check",
				h("input", { type: "checkbox", name: "replace" }),
				h(
					"span",
					gettextParts("Use the filter that is shown now: %(filter)s", { filter: h("bdi", words(current)) }),
				),
			),
	];
	const saved = await openForm(gettext("Edit view"), fields, gettext("Save"), (form) =>
		put(`/api/views/${view.id}`, bodyOf(form, form.get("replace") === null ? before : current)),
	);
	if (!saved) return;
	await loadViews();
	showMessage(gettext("Saved as “%(name)s”.", { name: saved.view.name }));
}

function words(filter) {
	const parts = filterParts(filter, state).map(({ mode, label }) =>
		mode === "exclude" ? gettext("not %(tag)s", { tag: label }) : label,
	);
	const search = filter.search ? [`“${filter.search}”`] : [];
	return [...search, ...parts].join(", ") || gettext("all conversations");
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

export function openViewMenu(anchor, view) {
	const own = ownViews();
	const place = own.findIndex(({ id }) => id === view.id);
	/** @type {import("../core/menu.mjs").Item[]} */
	const items = [[gettext("Edit …"), () => editView(view)]];
	if (place > 0) items.push([gettext("Move up"), () => moveView(view, own[place - 1])]);
	if (place >= 0 && place < own.length - 1)
		items.push([gettext("Move down"), () => moveView(view, own[place + 1])]);
	items.push([gettext("Delete …"), () => deleteView(view)]);
	openMenu(anchor, gettext("Actions for the view %(name)s", { name: view.name }), items);
}

/** @type {Promise<any>} */
let saving = Promise.resolve(); // one order after the other

/** Moves a view of the user to the place of another one, or by one place (`target`: -1 or 1). */
export async function moveView(view, target) {
	const own = ownViews();
	const from = own.findIndex(({ id }) => id === view.id);
	const to = typeof target === "number" ? from + target : own.findIndex(({ id }) => id === target.id);
	if (from < 0 || to < 0 || to >= own.length || from === to) return;
	const ordered = own.filter(({ id }) => id !== view.id);
	ordered.splice(to, 0, view);
	noteMove();
	set({ views: [...ordered, ...(state.views ?? []).filter((other) => !isOwn(other))] });
	announce(
		gettext("“%(name)s” is at place %(place)s of %(count)s.", {
			name: view.name,
			place: to + 1,
			count: own.length,
		}),
	);
	const body = { viewIds: ordered.map(({ id }) => id) };
	saving = saving.then(() => put("/api/views/order", body)).catch(showError);
	await saving;
	noteMove(); // an answer from before it is stored, too
	await loadViews();
}
