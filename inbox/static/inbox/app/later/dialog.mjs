// Questions that must be answered, in the browser's own dialogs: they keep the focus and close with Esc.

import { button, fill, h } from "../dom.mjs";

/** Shows the content until it is closed; resolves with what `close(value)` was given, else null, as where one is open. */
export async function openDialog(label, content, kind = "dialog") {
  if (document.querySelector("dialog[open]")) return null; // it was asked for twice
  return new Promise((resolve) => {
    const dialog = h(`dialog.${kind}`, { "aria-label": label });
    let value = null;
    const close = (given = null) => ((value = given), dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && close());
    dialog.addEventListener("close", () => (dialog.remove(), resolve(value)));
    fill(dialog, h("div.dialog-body", content(close)));
    document.body.append(dialog);
    dialog.showModal();
  });
}

const dialogActs = (close, act) => h("div.dialog-acts", button("Cancel", () => close(), "button.plain"), act);

/** Resolves with true, else null. */
export function confirmed(heading, words, label) {
  const content = (close) => [
    h("h2", heading),
    h("p", words),
    dialogActs(close, button(label, () => close(true), "button", { autofocus: true })),
  ];
  return openDialog(heading, content);
}

/** A form: `fields` are elements, `act` gets its FormData; what it refuses is told in the form. */
export function openForm(heading, fields, label, act) {
  return openDialog(heading, (close) => {
    const fault = h("p.fault", { role: "alert" });
    const submit = async (event) => {
      event.preventDefault();
      event.submitter.disabled = true; // what is sent twice is made twice
      try {
        close(await act(new FormData(event.target)));
      } catch (error) {
        fault.textContent = error.message;
        event.submitter.disabled = false;
      }
    };
    return h("form", { onsubmit: submit }, h("h2", heading), fields, fault, dialogActs(close, h("button.button", label)));
  });
}
