// One row of the list.

import { write } from "./address.mjs";
import { h, icon, tagDot } from "./dom.mjs";
import { pageOf, store } from "./state.mjs";
import { fullTime, hue, initials, number, plural, shortTime, split } from "./words.mjs";

const TAGS_SHOWN = 3;
const BEFORE_HIT = 24; // letters: what was found is to be seen in a short line

export function rowElement(row) {
  const { filter, insight } = store.get();
  const classes = ["row", row.unread_count && "unread", row.conversation_status === "done" && "done"];
  const href = write({ filter, insight, open: row.id });
  const box = h("input", { type: "checkbox", "aria-label": `Select ${nameOf(row)}` });
  return h(
    "li",
    { class: classes.filter(Boolean).join(" "), data: { id: row.id } },
    h("label", { class: "pick" }, box, avatar(row)),
    h("a", { href, class: "line" }, head(row), said(row, filter), tags(row)),
  );
}

/** What changes while somebody points at the row: then it must stay the same element. */
export function markRow(element, { isOpen, isCursor, isSelected, index, count }) {
  const [box, link] = [element.querySelector("input"), element.querySelector("a")];
  element.classList.toggle("open", isOpen);
  element.classList.toggle("selected", isSelected);
  if (isOpen) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
  box.checked = isSelected;
  box.tabIndex = link.tabIndex = isCursor ? 0 : -1;
  element.setAttribute("aria-posinset", index + 1);
  element.setAttribute("aria-setsize", count);
}

export const nameOf = (row) => row.sender_name || `Customer ${row.sender_id}`;

export function avatar(row) {
  return h("span", { class: "avatar", css: { "--hue": hue(row.sender_id) }, "aria-hidden": "true" }, initials(row.sender_name));
}

function head(row) {
  return h(
    "span",
    { class: "row-head" },
    h("bdi", { class: "name" }, nameOf(row)),
    row.platform === "instagram" && h("span", { class: "platform" }, "Instagram"),
    h("time", { datetime: row.last_message_time ?? "", title: fullTime(row.last_message_time) }, shortTime(row.last_message_time)),
  );
}

function said(row, filter) {
  const text = row.matches?.snippet || row.last_message || "No text";
  const [[before], ...rest] = split(text, filter.search);
  const short = rest.length && before.length > BEFORE_HIT ? `…${text.slice(before.length - BEFORE_HIT)}` : text;
  return h(
    "span",
    { class: "said" },
    h("span", { class: "text", dir: "auto" }, marked(short, filter.search)),
    row.matches?.count > 1 && h("span", { class: "quiet" }, `${plural(row.matches.count, "message")}`),
    row.unread_count > 0 && h("span", { class: "badge" }, number(row.unread_count), h("span", { class: "hidden" }, " unread")),
  );
}

export function marked(text, search) {
  return split(text, search).map(([part, isHit]) => (isHit ? h("mark", {}, part) : part));
}

function tags(row) {
  const all = row.conversation_tags.map(({ tag }) => tag);
  const shown = all.slice(0, TAGS_SHOWN);
  const page = isPageTold() && pageOf(row.page_id);
  if (!all.length && !page && row.conversation_status !== "done") return null;
  return h(
    "span",
    { class: "row-tags" },
    row.conversation_status === "done" && h("span", { class: "state" }, icon("done"), "Done"),
    shown.map((tag) => h("span", { class: "tag", css: { "--tag": tag.color } }, tagDot(tag), tag.name)),
    all.length > shown.length && h("span", { class: "quiet" }, `+${all.length - shown.length}`),
    page && h("span", { class: "quiet of-page" }, page.name),
  );
}

function isPageTold() {
  const { pages, filter } = store.get();
  return pages?.length > 1 && !filter.facebookPageId;
}
