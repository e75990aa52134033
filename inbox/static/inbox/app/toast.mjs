// Short words at the foot of the page: what was done (with a way back), or what went wrong.

import { button, byId, h } from "./dom.mjs";

const SECONDS = 8;
const FEW = 2;

/** `action`: [label, function]. */
export function say(words, action) {
  const leave = show("toasts", "div.toast", words, action);
  setTimeout(leave, 1000 * SECONDS);
}

/** What went wrong stays until it is put away. */
export const complain = ({ message }) => void show("faults", "div.toast.fault", message);

function show(place, what, words, action) {
  const leave = () => item.remove();
  const act = action && button(action[0], () => (leave(), action[1]()), "");
  const item = h(what, h("span", words), act, button("×", leave, "", { "aria-label": "Put this message away" }));
  byId(place).append(item);
  while (byId(place).children.length > FEW) byId(place).firstElementChild.remove();
  return leave;
}
