// Which conversations an act is for: some of the list, or everything that matches.

import { otherStatus, setStatus } from "./acts.mjs";
import { asked } from "./address.mjs";
import { byId, button, fill, h, iconButton } from "./dom.mjs";
import { between } from "./order.mjs";
import { letGo, maySomewhere, set, state, watch } from "./state.mjs";
import { number, plural } from "./words.mjs";

/** Selects a row or lets go of it; `isRange`: all from the last one on. */
export function select(id, { isRange = false } = {}) {
  const { list, anchor, selection, isAll } = state;
  if (isAll) return letGo();
  const chosen = new Set(selection);
  if (isRange && anchor !== null) between(list.rows, anchor, id).forEach((one) => chosen.add(one));
  else if (!chosen.delete(id)) chosen.add(id);
  set({ selection: chosen, anchor: id });
  return undefined;
}

/**
 * {ids} or {filter}, all that match it: what is selected (then `selection`, too), else what is open, else where the
 * keyboard is; null: nothing, or nothing that this person may change.
 */
export function target() {
  const { selection, isAll, filter, open, cursor } = state;
  if (!maySomewhere("tagger")) return null;
  if (isAll) return { filter: asked(filter), selection }; // this one, also when the address changes before the act is confirmed
  if (selection.size) return { ids: [...selection], selection };
  const one = open ?? cursor;
  return one ? { ids: [one] } : null;
}

export function startSelection({ pick }) {
  watch("selection isAll list pages", (now) => draw(now, pick));
}

function draw({ selection, isAll, list }, pick) {
  const bar = byId("selection");
  bar.hidden = !selection.size && !isAll;
  if (bar.hidden) return fill(bar);
  const small = "button.small.plain";
  return fill(
    bar,
    h("strong", { "aria-live": "polite" }, isAll ? `All ${all(list)} that match` : `${number(selection.size)} selected`),
    maySomewhere("tagger") && [
      button("Tag", () => pick("assign", target()), "button.small"),
      button("Untag", () => pick("remove", target()), small),
      marker(small),
    ],
    !isAll && selection.size !== list.total && button(`Select all ${all(list)}`, () => set({ isAll: true }), "link"),
    iconButton("close", "Clear the selection", letGo),
  );
}

// “Done”, or “Active” where the first one is done.
function marker(kind) {
  const other = otherStatus(target());
  return button(other === "done" ? "Done" : "Active", () => setStatus(other, target()), kind);
}

function all({ total, isExact }) {
  return total === null ? "" : `${isExact ? "" : "about "}${plural(total, "conversation")}`;
}
