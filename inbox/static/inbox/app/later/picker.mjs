// Choosing a tag, or making one, for some conversations or for everything that matches.

import { h, icon, tagDot } from "../dom.mjs";
import { letGo } from "../selection.mjs";
import { maySomewhere, store } from "../state.mjs";
import { changeTag, makeTag, wouldChange } from "../tagging.mjs";
import { choose } from "./chooser.mjs";
import { openForm } from "./dialog.mjs";
import { isMeant } from "./meant.mjs";

const COLORS = [
  ["Teal", "#1f7a8c"], ["Blue", "#2563eb"], ["Violet", "#7c3aed"], ["Pink", "#be185d"],
  ["Red", "#b91c1c"], ["Amber", "#b45309"], ["Green", "#15803d"], ["Grey", "#4b5563"],
];
const HEADINGS = { assign: "Add a tag", remove: "Take a tag off" };

/** `verb`: assign or remove; `target`: {ids} or {all: true}. */
export async function pickTag(verb, target) {
  const found = await choose(HEADINGS[verb], options(verb, target), { further: (typed) => making(verb, typed), placeholder: "A tag’s name" });
  if (!found) return;
  const tag = found.tag ?? (await newTag(found.name));
  if (tag) await apply(verb, tag, target);
}

function rowsOf({ ids }) {
  const { list, talk } = store.get();
  const known = new Map(list.rows.map((row) => [row.id, row]));
  if (talk?.conversation) known.set(talk.id, talk.conversation);
  return ids.map((id) => known.get(id)).filter(Boolean);
}

const has = (row, tag) => row.conversation_tags.some((one) => one.tag.id === tag.id);

function options(verb, target) {
  const tags = store.get().tags ?? [];
  const rows = target.all ? [] : rowsOf(target);
  const all = tags.map((tag) => ({ tag, label: tag.name, symbol: tagDot(tag), on: rows.filter((row) => has(row, tag)).length }));
  if (target.all) return all;
  const fits = verb === "remove" ? all.filter(({ on }) => on) : all.filter(({ on }) => on < rows.length || !rows.length);
  return fits.map((option) => ({ ...option, hint: option.on && rows.length > 1 ? `on ${option.on} of ${rows.length}` : "" }));
}

function making(verb, typed) {
  const isKnown = (store.get().tags ?? []).some(({ name }) => name.toLowerCase() === typed.toLowerCase());
  if (verb === "remove" || !typed || isKnown || !maySomewhere("tagger")) return [];
  return [{ label: `New tag “${typed}”`, name: typed, symbol: icon("tag") }];
}

async function apply(verb, tag, target) {
  if (target.all && !(await isMeant(wouldChange(verb, tag, target), inWords(verb, tag)))) return;
  await changeTag(verb, tag, target);
  if (target.all || target.ids.length > 1) letGo();
}

function inWords(verb, { name }) {
  const [label, deed] = verb === "remove" ? ["Untag", "is taken off"] : ["Tag", "is put on"];
  return {
    heading: `${label} everything that matches?`,
    deed: (count) => `“${name}” ${deed} ${count}`,
    label,
    nothing: `${name}: nothing to change.`,
  };
}

/** Makes a tag; resolves with it, or null. */
export function newTag(name = "") {
  const fields = [
    h("label", {}, "Name", h("input", { name: "name", value: typeof name === "string" ? name : "", maxlength: 100, required: true, autofocus: true })),
    h("fieldset", { class: "swatches" }, h("legend", {}, "Colour"), COLORS.map(([label, color], at) => swatch(label, color, at === 0))),
  ];
  return openForm("New tag", fields, "Make it", (form) => makeTag(form.get("name").trim(), form.get("color")));
}

function swatch(label, color, isFirst) {
  return h("label", { css: { "--tag": color }, title: label }, h("input", { type: "radio", name: "color", value: color, checked: isFirst, "aria-label": label }));
}
