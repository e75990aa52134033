// Short words at the foot of the page: what was done (with a way back), or what went wrong.

import { byId, h } from "./dom.mjs";

const SECONDS = 8;

/** `action`: [label, function]. Errors stay until they are put away. */
export function say(words, { action = null, isError = false } = {}) {
  const item = h("div", { class: isError ? "toast fault" : "toast" }, h("span", {}, words));
  const leave = () => item.remove();
  if (action) item.append(h("button", { type: "button", onclick: () => (leave(), action[1]()) }, action[0]));
  item.append(h("button", { type: "button", "aria-label": "Put this message away", onclick: leave }, "×"));
  byId(isError ? "faults" : "toasts").append(item);
  if (!isError) setTimeout(leave, 1000 * SECONDS);
  keepFew();
}

export const complain = (error) => say(error.message, { isError: true });

function keepFew() {
  for (const place of [byId("toasts"), byId("faults")]) {
    while (place.children.length > 2) place.firstElementChild.remove();
  }
}
