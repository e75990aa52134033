// The head of the list: what is searched for, where, and everything that narrows it.

import { isEmpty, ofView, tidy } from "./address.mjs";
import { byId, button, fill, h, tagDot } from "./dom.mjs";
import { parts, title } from "./filterwords.mjs";
import { VIEWS } from "./setup.mjs";
import { go, store } from "./state.mjs";
import { whenChanged } from "./store.mjs";
import { number } from "./words.mjs";

const TYPING_MS = 180;

const box = byId("search");
let isAhead = false; // of the address: letters were typed that are not in it yet
let isTypedOn = false; // further letters are not steps of their own for the back button

export function startFinder({ save, openInsight }) {
  box.addEventListener("input", typed);
  if (box.value) typed(); // somebody was quicker than this script
  box.addEventListener("keydown", ({ key }) => key === "Enter" && search());
  box.addEventListener("blur", () => (isTypedOn = false));
  byId("in-messages").addEventListener("change", ({ target }) => narrow({ search_in: target.checked ? "messages" : "" }));
  byId("filter-toggle").addEventListener("click", () => store.set({ isFilterOpen: !store.get().isFilterOpen }));
  byId("menu").addEventListener("click", () => store.set({ isSideOpen: true }));
  byId("insight-toggle").addEventListener("click", openInsight);
  byId("filters").addEventListener("change", ({ target }) => narrow({ [target.name]: target.value }));
  store.subscribe(whenChanged(({ filter, tags, pages, views }) => [filter, tags, pages, views], (state) => draw(state, save)));
  store.subscribe(whenChanged(({ filter }) => [filter], fillSearch));
  store.subscribe(whenChanged(({ pages }) => [pages], drawFields));
  store.subscribe(whenChanged(({ filter, pages }) => [filter, pages], fillFields));
  store.subscribe(whenChanged(({ list }) => [list], drawTotal));
  store.subscribe(whenChanged(({ isFilterOpen, insight }) => [isFilterOpen, insight], drawToggles));
}

export function narrow(change) {
  go({ filter: tidy({ ...store.get().filter, ...change }) });
}

function typed() {
  clearTimeout(typed.timer);
  typed.timer = setTimeout(search, TYPING_MS);
  isAhead = true;
}

function search() {
  clearTimeout(typed.timer);
  isAhead = false;
  go({ filter: tidy({ ...store.get().filter, search: box.value.trim() }) }, { replace: isTypedOn });
  isTypedOn = true;
}

function fillSearch({ filter: { search: wanted = "" } }) {
  if (!isAhead && box.value.trim() !== wanted) box.value = wanted;
}

function draw({ filter, tags, pages, views }, save) {
  byId("in-messages").checked = filter.search_in === "messages";
  box.placeholder = filter.search_in === "messages" ? "Search in all messages" : "Name or last message";
  const name = title(filter, VIEWS, views?.map((view) => ({ name: view.name, filter: ofView(view) })));
  byId("title").textContent = name;
  document.title = `${name} – Inbox`;
  drawChips(parts(filter, { tags, pages }), filter, save);
}

function drawChips(shown, filter, save) {
  const chips = byId("chips");
  chips.hidden = isEmpty(filter);
  fill(
    chips,
    shown.map(chip),
    shown.filter(({ choice }) => choice === "include").length > 1 && modeSwitch(filter),
    button("Save as view", save, { class: "link" }),
    button("Clear", () => go({ filter: {} }), { class: "link" }),
  );
}

function chip({ words, choice, tag, without }) {
  const label = `${choice === "exclude" ? "Not " : ""}${words}`;
  return h(
    "span",
    { class: `tag ${choice}`, css: tag ? { "--tag": tag.color } : null },
    tag && tagDot(tag),
    label,
    h("button", { type: "button", "aria-label": `No longer filter by: ${label}`, onclick: () => go({ filter: without }) }, "×"),
  );
}

function modeSwitch(filter) {
  const isAll = filter.include_mode === "all";
  const one = (mode, label, isOn) => button(label, () => narrow({ include_mode: mode }), { class: "segment", "aria-pressed": String(isOn) });
  return h("span", { class: "segments", role: "group", "aria-label": "With these tags" }, one("", "Any of them", !isAll), one("all", "All of them", isAll));
}

function drawFields({ pages }) {
  const isBoth = pages?.some(({ platforms }) => platforms.includes("instagram"));
  fill(
    byId("filters"),
    pages?.length > 1 && choice("Page", "facebookPageId", [["", "All Pages"], ...pages.map((page) => [page.facebook_page_id, page.name])]),
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
  return h("div", {}, h("label", { for: input.id }, label), input);
}

// Not the field that somebody is at: a date is written in three steps.
function fillFields({ filter }) {
  for (const field of byId("filters").querySelectorAll("select, input")) {
    const value = filter[field.name] ?? "";
    if (field !== document.activeElement) field.value = field.type === "date" ? value.slice(0, 10) : value;
  }
}

function drawTotal({ list: { status, total, isExact } }) {
  const words = total === null || status === "error" ? "" : `${isExact ? "" : "about "}${number(total)}`;
  byId("total").textContent = words;
  byId("list").classList.toggle("waiting", status === "loading");
}

function drawToggles({ isFilterOpen, insight }) {
  byId("filters").hidden = !isFilterOpen;
  byId("filter-toggle").setAttribute("aria-expanded", String(isFilterOpen));
  byId("insight-toggle").setAttribute("aria-pressed", String(insight));
}
