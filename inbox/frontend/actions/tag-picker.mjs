// Picks a tag, or creates one, for a target.

import { post } from "../core/api.mjs";
import { openForm } from "../core/dialog.mjs";
import { h, icon, tagDot } from "../core/dom.mjs";
import { state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { loadTags } from "../sidebar/sidebar-loader.mjs";
import { changeTag, loadedRows } from "./actions.mjs";
import { chooseOption } from "./combobox.mjs";

const COLORS = [
	[gettext("Teal"), "#1f7a8c"],
	[gettext("Blue"), "#2563eb"],
	[gettext("Violet"), "#7c3aed"],
	[gettext("Pink"), "#be185d"],
	[gettext("Red"), "#b91c1c"],
	[gettext("Amber"), "#b45309"],
	[gettext("Green"), "#15803d"],
	[gettext("Gray"), "#4b5563"],
];
const HEADINGS = { assign: gettext("Add tag"), remove: gettext("Remove tag") };

/** `verb`: assign or remove; `target`: as returned by `currentTarget()`. */
export async function pickTag(verb, target) {
	const extraOptions = (query) => newTagOptions(verb, query);
	const options = { extraOptions, placeholder: gettext("Tag name") };
	const choice = await chooseOption(HEADINGS[verb], tagOptions(verb, target), options);
	if (!choice) return;
	const tag = choice.tag ?? (await createTag(choice.name));
	if (tag) await changeTag(verb, tag, target);
}

const hasTag = (row, tag) => row.conversation_tags.some((item) => item.tag.id === tag.id);

// Leaves out tags that would change nothing.
function tagOptions(verb, { ids }) {
	const rows = [...loadedRows(ids).values()];
	const total = rows.length;
	const options = (state.tags ?? []).map((tag) => {
		const count = rows.filter((row) => hasTag(row, tag)).length;
		const hint = count && total > 1 ? gettext("on %(count)s of %(total)s", { count, total }) : "";
		return { tag, label: tag.name, symbol: () => tagDot(tag), count, hint };
	});
	if (!ids) return options;
	return options.filter(({ count }) => (verb === "remove" ? count : count < total || !total));
}

function newTagOptions(verb, query) {
	const exists = (state.tags ?? []).some(({ name }) => name.toLowerCase() === query.toLowerCase());
	if (verb === "remove" || !query || exists) return [];
	return [{ label: gettext("New tag “%(query)s”", { query }), name: query, symbol: () => icon("tag") }];
}

/** Asks for a name and a color. Resolves with the new tag, or null. */
export function createTag(name = "") {
	const input = { name: "name", value: name, maxlength: 100, required: true, autofocus: true };
	const swatches = COLORS.map(([label, color], index) => swatch(label, color, index === 0));
	const fields = [
		h("label", gettext("Name"), h("input", input)),
		h("fieldset.swatches", h("legend", gettext("Color")), swatches),
	];
	return openForm(gettext("New tag"), fields, gettext("Create"), async (form) => {
		const { tag } = await post("/api/tags", {
			name: String(form.get("name")).trim(),
			color: form.get("color"),
		});
		await loadTags();
		return tag;
	});
}

function swatch(label, color, isFirst) {
	const input = { type: "radio", name: "color", value: color, checked: isFirst, "aria-label": label };
	return h("label", { css: { "--tag": color }, title: label }, h("input", input));
}
