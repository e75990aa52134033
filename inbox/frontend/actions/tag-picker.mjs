// Picks a tag, or creates one, for a target.

import { post } from "../core/api.mjs";
import { openForm } from "../core/dialog.mjs";
import { h, icon, tagDot } from "../core/dom.mjs";
import { state } from "../core/store.mjs";
import { loadTags } from "../sidebar/sidebar-loader.mjs";
import { changeTag, loadedRows } from "./actions.mjs";
import { chooseOption } from "./combobox.mjs";

const COLORS = [
	["Teal", "#1f7a8c"],
	["Blue", "#2563eb"],
	["Violet", "#7c3aed"],
	["Pink", "#be185d"],
	["Red", "#b91c1c"],
	["Amber", "#b45309"],
	["Green", "#15803d"],
	["Gray", "#4b5563"],
];
const HEADINGS = { assign: "Add tag", remove: "Remove tag" };

/** `verb`: assign or remove; `target`: as returned by `currentTarget()`. */
export async function pickTag(verb, target) {
	const extraOptions = (query) => newTagOptions(verb, query);
	const options = { extraOptions, placeholder: "Tag name" };
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
		const hint = count && total > 1 ? `on ${count} of ${total}` : "";
		return { tag, label: tag.name, symbol: () => tagDot(tag), count, hint };
	});
	if (!ids) return options;
	return options.filter(({ count }) => (verb === "remove" ? count : count < total || !total));
}

function newTagOptions(verb, query) {
	const exists = (state.tags ?? []).some(({ name }) => name.toLowerCase() === query.toLowerCase());
	if (verb === "remove" || !query || exists) return [];
	return [{ label: `New tag “${query}”`, name: query, symbol: () => icon("tag") }];
}

/** Asks for a name and a color. Resolves with the new tag, or null. */
export function createTag(name = "") {
	const input = { name: "name", value: name, maxlength: 100, required: true, autofocus: true };
	const swatches = COLORS.map(([label, color], index) => swatch(label, color, index === 0));
	const fields = [
		h("label", "Name", h("input", input)),
		h("fieldset.swatches", h("legend", "Color"), swatches),
	];
	return openForm("New tag", fields, "Create", async (form) => {
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
