// What the keyboard does.

import { otherStatus, setStatus } from "./acts.mjs";
import { byId } from "./dom.mjs";
import { isComing } from "./later.mjs";
import { moveCursor } from "./listview.mjs";
import { select, target } from "./selection.mjs";
import { go, letGo, set, state, toggleInsight } from "./state.mjs";

/** What each does is told in `later/help.mjs`, too. */
export function startKeys({ pick, palette, help }) {
  const acts = {
    j: () => moveCursor(1), k: () => moveCursor(-1), ArrowDown: () => moveCursor(1), ArrowUp: () => moveCursor(-1),
    o: openCursor, x: () => state.cursor && select(state.cursor),
    e: () => forTarget((aim) => setStatus(otherStatus(aim), aim)),
    t: () => forTarget((aim) => pick("assign", aim)), u: () => forTarget((aim) => pick("remove", aim)),
    "/": () => byId("search").focus(), i: toggleInsight, "?": help, Escape: back,
  };
  addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return; // which has keys of its own
    if (isComing()) return void (isText(event) && event.preventDefault());
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (!event.altKey && event.key.toLowerCase() === "k") run(event, palette);
    } else if (event.target.matches?.("input:not([type=checkbox]), select")) leaveField(event);
    else if (event.key in acts && !(event.key.startsWith("Arrow") && isElsewhere(event.target))) run(event, acts[event.key]);
  });
}

const isText = ({ key, ctrlKey, metaKey, altKey }) => (key.length === 1 || key === "Enter") && !ctrlKey && !metaKey && !altKey;

function run(event, act) {
  event.preventDefault();
  act();
}

const isElsewhere = (element) => element !== document.body && !element.closest?.("#list");

function leaveField(event) {
  if (event.key === "Escape") event.target.blur();
  if (event.target.id === "search" && (event.key === "ArrowDown" || event.key === "Escape")) run(event, () => moveCursor(0));
}

function openCursor() {
  if (state.cursor) go({ open: state.cursor });
}

function forTarget(act) {
  const aim = target();
  if (aim) act(aim);
}

function back() {
  const { selection, isAll, isSideOpen, open, insight } = state;
  if (isSideOpen) set({ isSideOpen: false });
  else if (selection.size || isAll) letGo();
  else if (open || insight) go({ open: null, insight: false });
}
