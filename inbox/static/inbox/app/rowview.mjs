// One row of the list.

import { write } from "./address.mjs";
import { h, icon, tagChip } from "./dom.mjs";
import { pageOf, state } from "./state.mjs";
import { fullTime, hue, initials, number, plural, shortTime, split } from "./words.mjs";

const TAGS_SHOWN = 3;
const BEFORE_HIT = 24; // letters: what was found is to be seen in a short line

export function rowElement(row, page) {
  const { filter, insight } = state;
  const href = write({ filter, insight, open: row.id });
  const box = h("input", { type: "checkbox", "aria-label": `Select ${nameOf(row)}` });
  return h(
    row.unread_count ? "li.row.unread" : "li.row",
    { "data-id": row.id },
    h("label.pick", box, avatar(row)),
    h("a.line", { href }, head(row), said(row, filter), tags(row, page)),
  );
}

/** What changes while somebody points at the row: then it must stay the same element. */
export function markRow(element, { isOpen, isTabbed, isSelected, index, count }) {
  const [box, link] = [element.querySelector("input"), element.querySelector("a")];
  element.classList.toggle("open", isOpen);
  element.classList.toggle("selected", isSelected);
  if (isOpen) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
  box.checked = isSelected;
  box.tabIndex = link.tabIndex = isTabbed ? 0 : -1;
  element.setAttribute("aria-posinset", index + 1);
  element.setAttribute("aria-setsize", count);
}

export const nameOf = (row) => row.sender_name || `Customer ${row.sender_id}`;

export function avatar(row) {
  return h("span.avatar", { css: { "--hue": hue(row.sender_id) }, "aria-hidden": "true" }, initials(row.sender_name));
}

function head(row) {
  return h(
    "span.row-head",
    h("bdi.name", nameOf(row)),
    row.platform === "instagram" && h("span.platform", "Instagram"),
    h("time", { datetime: row.last_message_time ?? "", title: fullTime(row.last_message_time) }, shortTime(row.last_message_time)),
  );
}

function said(row, filter) {
  const text = row.matches?.snippet || row.last_message || "No text";
  const [[before, isHit]] = split(text, filter.search);
  const isFar = !isHit && before.length > BEFORE_HIT && before.length < text.length;
  const short = isFar ? `…${text.slice(before.length - BEFORE_HIT)}` : text;
  return h(
    "span.said",
    h("span.text", { dir: "auto" }, marked(short, filter.search)),
    row.matches?.count > 1 && h("span.quiet", plural(row.matches.count, "message")),
    row.unread_count > 0 && h("span.badge", number(row.unread_count), h("span.hidden", " unread")),
  );
}

export function marked(text, search) {
  return split(text, search).map(([part, isHit]) => (isHit ? h("mark", part) : part));
}

function tags(row, page) {
  const all = row.conversation_tags.map(({ tag }) => tag);
  const shown = all.slice(0, TAGS_SHOWN);
  if (!all.length && !page && row.conversation_status !== "done") return null;
  return h(
    "span.row-tags",
    row.conversation_status === "done" && h("span.state", icon("done"), "Done"),
    shown.map((tag) => tagChip(tag, "", tag.name)),
    all.length > shown.length && h("span.quiet", `+${all.length - shown.length}`),
    page && h("span.quiet.of-page", page),
  );
}

/** The name of its Page, where there are others beside it in the list. */
export const pageTold = (row) => state.pages?.length > 1 && !state.filter.facebookPageId && pageOf(row.page_id)?.name;
