// What the keyboard does.

import { byId, isTyping } from "./dom.mjs";
import { moveCursor } from "./listview.mjs";
import { letGo, select, target } from "./selection.mjs";
import { go, maySomewhere, store } from "./state.mjs";
import { otherStatus } from "./statuses.mjs";

/** [keys, what it does]: for the help. */
export const KEYS = [
  ["j, ↓", "Next conversation"], ["k, ↑", "Conversation before"], ["Enter, o", "Open it"],
  ["x", "Select it (Shift and click: all up to there)"], ["e", "Done, or active again"], ["t", "Tag"],
  ["u", "Take a tag off"], ["/", "Search"], ["i", "Numbers of what is shown"],
  ["Ctrl K, ⌘ K", "Everything else: views, tags, Pages"], ["Esc", "Back"], ["?", "These keys"],
];

export function startKeys({ pick, mark, palette, help }) {
  const acts = {
    j: () => moveCursor(1), k: () => moveCursor(-1), ArrowDown: () => moveCursor(1), ArrowUp: () => moveCursor(-1),
    o: openCursor, x: () => store.get().cursor && select(store.get().cursor),
    e: () => forTarget((aim) => mark(otherStatus(aim), aim)),
    t: () => forTarget((aim) => pick("assign", aim)), u: () => forTarget((aim) => pick("remove", aim)),
    "/": () => byId("search").focus(), i: () => go({ insight: !store.get().insight, open: null }), "?": help, Escape: back,
  };
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return; // which has keys of its own
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return run(event, palette);
    if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
    if (isTyping(event.target)) return leaveField(event);
    if (event.key.startsWith("Arrow") && !isInList(event.target)) return undefined;
    return acts[event.key] && run(event, acts[event.key]);
  });
}

function run(event, act) {
  event.preventDefault();
  act();
}

const isInList = (element) => element === document.body || element.closest?.("#list");

function leaveField(event) {
  if (event.key === "Escape") event.target.blur();
  if (event.target.id === "search" && (event.key === "ArrowDown" || event.key === "Escape")) run(event, () => moveCursor(0));
}

function openCursor() {
  const { cursor } = store.get();
  if (cursor) go({ open: cursor });
}

function forTarget(act) {
  const aim = target();
  if (aim && maySomewhere("tagger")) act(aim);
}

function back() {
  const { selection, isAll, isSideOpen, open, insight } = store.get();
  if (isSideOpen) store.set({ isSideOpen: false });
  else if (selection.size || isAll) letGo();
  else if (open || insight) go({ open: null, insight: false });
}
