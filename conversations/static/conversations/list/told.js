// What was done, with a way to take it back.

import { ask } from "./server.js";
import { refresh } from "./results.js";

const line = document.getElementById("inbox-told");

export function tell(words, act) {
  line.toggleAttribute("data-fault", false);
  line.replaceChildren(words);
  if (act) line.append(undoButton(act));
}

export function tellFault(error) {
  line.replaceChildren(error.message);
  line.toggleAttribute("data-fault", true);
}

function undoButton(act) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "inbox-undo", textContent: "Undo" });
  button.addEventListener("click", () => undo(act));
  return button;
}

async function undo(act) {
  try {
    const { message, changed, act: own } = await ask(`/api/acts/${act}/undo`, {});
    await refresh();
    tell(message, changed && own);
  } catch (error) {
    tellFault(error);
  }
}

// Messages that the server drew have a link to a page that asks: here a click is enough.
addEventListener("click", (event) => {
  const link = event.target.closest("a.inbox-undo");
  if (!link) return;
  event.preventDefault();
  link.remove();
  undo(link.dataset.act);
});
