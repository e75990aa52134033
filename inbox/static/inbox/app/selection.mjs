// Which conversations an act is for: some of the list, or everything that matches.

import { byId, button, fill, h, iconButton } from "./dom.mjs";
import { between } from "./order.mjs";
import { maySomewhere, store } from "./state.mjs";
import { whenChanged } from "./store.mjs";
import { otherStatus } from "./statuses.mjs";
import { number, plural } from "./words.mjs";

/** Selects a row or lets go of it; `isRange`: all from the last one on. */
export function select(id, { isRange = false } = {}) {
  const { list, anchor, selection, isAll } = store.get();
  if (isAll) return letGo();
  const chosen = new Set(selection);
  if (isRange && anchor !== null) between(list.rows, anchor, id).forEach((one) => chosen.add(one));
  else if (!chosen.delete(id)) chosen.add(id);
  store.set({ selection: chosen, anchor: id });
  return undefined;
}

export function letGo() {
  store.set({ selection: new Set(), anchor: null, isAll: false });
}

/** {ids} or {all: true}: what is selected, else what is open, else where the keyboard is; null: nothing. */
export function target() {
  const { selection, isAll, open, cursor } = store.get();
  if (isAll) return { all: true };
  if (selection.size) return { ids: [...selection] };
  const one = open ?? cursor;
  return one ? { ids: [one] } : null;
}

export function startSelection({ pick, mark }) {
  store.subscribe(whenChanged(({ selection, isAll, list, pages }) => [selection, isAll, list, pages], (state) => draw(state, pick, mark)));
}

function draw({ selection, isAll, list }, pick, mark) {
  const bar = byId("selection");
  bar.hidden = !selection.size && !isAll;
  if (bar.hidden) return fill(bar);
  const isTagger = maySomewhere("tagger");
  return fill(
    bar,
    h("strong", { "aria-live": "polite" }, isAll ? `All ${all(list)} that match` : `${number(selection.size)} selected`),
    isTagger && button("Tag", () => pick("assign", target()), { class: "button small" }),
    isTagger && button("Untag", () => pick("remove", target()), { class: "button small plain" }),
    isTagger && marker(mark),
    !isAll && selection.size !== list.total && button(`Select all ${all(list)}`, () => store.set({ isAll: true }), { class: "link" }),
    iconButton("close", "Clear the selection", letGo),
  );
}

// “Done”, or “Active” where the first one is done.
function marker(mark) {
  const other = otherStatus(target());
  return button(other === "done" ? "Done" : "Active", () => mark(other, target()), { class: "button small plain" });
}

function all({ total, isExact }) {
  return total === null ? "" : `${isExact ? "" : "about "}${plural(total, "conversation")}`;
}
