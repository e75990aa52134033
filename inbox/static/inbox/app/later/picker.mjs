// Choosing a tag, or making one, for some conversations or for everything that matches.

import { h, icon, tagDot } from "../dom.mjs";
import { changeTag, known } from "../acts.mjs";
import { post } from "../api.mjs";
import { loadTags } from "../around.mjs";
import { state } from "../state.mjs";
import { choose } from "./chooser.mjs";
import { openForm } from "./dialog.mjs";

const COLORS = [
  ["Teal", "#1f7a8c"], ["Blue", "#2563eb"], ["Violet", "#7c3aed"], ["Pink", "#be185d"],
  ["Red", "#b91c1c"], ["Amber", "#b45309"], ["Green", "#15803d"], ["Grey", "#4b5563"],
];
const HEADINGS = { assign: "Add a tag", remove: "Take a tag off" };

/** `verb`: assign or remove; `target`: as `target()` tells it. */
export async function pickTag(verb, target) {
  const found = await choose(HEADINGS[verb], options(verb, target), { further: (typed) => making(verb, typed), placeholder: "A tag’s name" });
  if (!found) return;
  const tag = found.tag ?? (await newTag(found.name));
  if (tag) await changeTag(verb, tag, target);
}

const has = (row, tag) => row.conversation_tags.some((one) => one.tag.id === tag.id);

function options(verb, { ids }) {
  const rows = [...known(ids).values()];
  const many = rows.length;
  const all = (state.tags ?? []).map((tag) => {
    const on = rows.filter((row) => has(row, tag)).length;
    return { tag, label: tag.name, symbol: tagDot(tag), on, hint: on && many > 1 ? `on ${on} of ${many}` : "" };
  });
  if (!ids) return all;
  return all.filter(({ on }) => (verb === "remove" ? on : on < many || !many));
}

function making(verb, typed) {
  const isKnown = (state.tags ?? []).some(({ name }) => name.toLowerCase() === typed.toLowerCase());
  return verb === "remove" || !typed || isKnown ? [] : [{ label: `New tag “${typed}”`, name: typed, symbol: icon("tag") }];
}

/** Makes a tag; resolves with it, or null. */
export function newTag(name = "") {
  const fields = [
    h("label", "Name", h("input", { name: "name", value: name, maxlength: 100, required: true, autofocus: true })),
    h("fieldset.swatches", h("legend", "Colour"), COLORS.map(([label, color], at) => swatch(label, color, at === 0))),
  ];
  return openForm("New tag", fields, "Make it", async (form) => {
    const { tag } = await post("/api/tags", { name: form.get("name").trim(), color: form.get("color") });
    await loadTags();
    return tag;
  });
}

function swatch(label, color, isFirst) {
  return h("label", { css: { "--tag": color }, title: label }, h("input", { type: "radio", name: "color", value: color, checked: isFirst, "aria-label": label }));
}
