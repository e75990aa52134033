// The head of the list: what is searched for, where, and everything that narrows it.

import { isEmpty, ofView } from "./address.mjs";
import { byId, button, fill, h, tagChip } from "./dom.mjs";
import { parts, title } from "./filterwords.mjs";
import { VIEWS } from "./around.mjs";
import { go, narrow, set, state, toggleInsight, watch } from "./state.mjs";
import { number } from "./words.mjs";

const TYPING_MS = 180;

const box = byId("search");
let isAhead = false; // of the address: letters were typed that are not in it yet
let isTypedOn = false; // further letters are not steps of their own for the back button

export function startFinder({ save }) {
  box.addEventListener("input", typed);
  if (box.value) typed(); // somebody was quicker than this script
  box.addEventListener("keydown", ({ key }) => key === "Enter" && search());
  box.addEventListener("blur", () => (isTypedOn = false));
  byId("in-messages").addEventListener("change", ({ target }) => narrow({ search_in: target.checked ? "messages" : "" }));
  byId("filter-toggle").addEventListener("click", () => set({ isFilterOpen: !state.isFilterOpen }));
  byId("menu").addEventListener("click", () => set({ isSideOpen: true }));
  byId("insight-toggle").addEventListener("click", toggleInsight);
  watch("filter tags pages views", (now) => draw(now, save));
  watch("filter", fillSearch);
  watch("list", drawTotal);
  watch("isFilterOpen insight", drawToggles);
}

function typed() {
  clearTimeout(typed.timer);
  typed.timer = setTimeout(search, TYPING_MS);
  isAhead = true;
}

function search() {
  clearTimeout(typed.timer);
  isAhead = false;
  narrow({ search: box.value.trim() }, { replace: isTypedOn });
  isTypedOn = true;
}

function fillSearch({ filter: { search: wanted = "" } }) {
  if (isAhead || box.value.trim() === wanted) return;
  box.value = wanted;
  isTypedOn = false; // somebody went back: what is typed now is a step again
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
    button("Save as view", save, "link"),
    button("Clear", () => go({ filter: {} }), "link"),
  );
}

function chip({ words, choice, tag, without }) {
  const label = `${choice === "exclude" ? "Not " : ""}${words}`;
  const off = button("×", () => go({ filter: without }), "off", { "aria-label": `No longer filter by: ${label}` });
  return tagChip(tag, choice, label, off);
}

function modeSwitch(filter) {
  const one = (mode, label) => button(label, () => narrow({ include_mode: mode }), "segment", { "aria-pressed": String(mode === (filter.include_mode ?? "")) });
  return h("span.segments", { role: "group", "aria-label": "With these tags" }, one("", "Any of them"), one("all", "All of them"));
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
