// The fields of "More filters".

import { byId, fill, h } from "../dom.mjs";
import { narrow, set, watch } from "../state.mjs";

const place = byId("filters");
let drawn = "";

/** From the first time that they are wanted on. */
export function startFilters() {
  if (drawn) return;
  place.addEventListener("change", ({ target }) => narrow({ [target.name]: target.value }));
  watch("pages", drawFields);
  watch("filter pages", fillFields);
  set({}); // the first drawing
}

// Anew only where they are others: not under a hand that is writing a date, for a Page that counts one more.
function drawFields({ pages }) {
  const names = pages?.map((page) => [page.facebook_page_id, page.name]) ?? [];
  const isBoth = pages?.some(({ platforms }) => platforms.includes("instagram"));
  const wanted = JSON.stringify([names, isBoth]);
  if (drawn === wanted) return;
  drawn = wanted;
  fill(
    place,
    names.length > 1 && choice("Page", "facebookPageId", [["", "All Pages"], ...names]),
    choice("Status", "status", [["", "Any"], ["active", "To do"], ["done", "Done"]]),
    choice("Unread", "unread", [["", "Any"], ["true", "Something unread"], ["false", "Nothing unread"]]),
    choice("Tags", "untagged", [["", "Any"], ["true", "Without a tag"], ["false", "With a tag"]]),
    isBoth && choice("Platform", "platform", [["", "Both"], ["messenger", "Messenger"], ["instagram", "Instagram"]]),
    field("From", h("input", { type: "date", name: "startDate" })),
    field("Until", h("input", { type: "date", name: "endDate" })),
  );
}

function choice(label, name, options) {
  return field(label, h("select", { name }, options.map(([value, words]) => h("option", { value }, words))));
}

function field(label, input) {
  input.id = `filter-${input.name}`;
  return h("div", h("label", { for: input.id }, label), input);
}

// Not the field that somebody is at: a date is written in three steps.
function fillFields({ filter }) {
  for (const field of place.querySelectorAll("select, input")) {
    const value = filter[field.name] ?? "";
    if (field !== document.activeElement) field.value = field.type === "date" ? value.slice(0, 10) : value;
  }
}
