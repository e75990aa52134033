// An act on one, on some, or on everything that matches: whom it is for, what came of it, and the way back.

import { asked } from "./address.mjs";
import { post } from "./api.mjs";
import { changed } from "./changes.mjs";
import { store } from "./state.mjs";
import { complain, say } from "./toast.mjs";

/** `target`: {ids} or {all: true}. */
export function whom(target) {
  return target.all ? { filter: asked(store.get().filter) } : { conversationIds: target.ids };
}

/** The ids of those that are shown before the server has said it. */
export const idsOf = (target) => target.ids ?? store.get().list.rows.map(({ id }) => id);

/** `name`: of what was changed, where the answer does not say it. */
export function tellOf({ message, act, changed: count }, name = "") {
  const before = name && `${name}: `;
  if (count) say(before + message, { action: ["Undo", () => undo(act)] });
  else say(`${before}${name ? "n" : "N"}othing to change.`);
}

async function undo(act) {
  try {
    say((await post(`/api/acts/${act}/undo`)).message);
  } catch (error) {
    complain(error);
  }
  changed();
}
