// Questions that must be answered, in the browser's own dialogs: they keep the focus and close with Esc.

import { button, fill, h } from "../dom.mjs";

/** Shows the content until it is closed; resolves with what `close(value)` was given, else null. */
export function openDialog(label, content, { className = "dialog" } = {}) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { class: className, "aria-label": label });
    let value = null;
    const close = (given = null) => ((value = given), dialog.close());
    dialog.addEventListener("click", (event) => event.target === dialog && close());
    dialog.addEventListener("close", () => (dialog.remove(), resolve(value)));
    fill(dialog, h("div", { class: "dialog-body" }, content(close)));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Yes or no. */
export async function confirmed(heading, words, label) {
  const content = (close) => [
    h("h2", {}, heading),
    h("p", {}, words),
    h("div", { class: "dialog-acts" }, button("Cancel", () => close(), { class: "button plain" }), button(label, () => close(true), { autofocus: true })),
  ];
  return (await openDialog(heading, content)) === true;
}

/** A form: `fields` are elements, `act` gets its FormData; what it refuses is told in the form. */
export function openForm(heading, fields, label, act) {
  return openDialog(heading, (close) => {
    const fault = h("p", { class: "fault", role: "alert" });
    const submit = async (event) => {
      event.preventDefault();
      try {
        close((await act(new FormData(event.target))) ?? true);
      } catch (error) {
        fault.textContent = error.message;
      }
    };
    return h("form", { onsubmit: submit }, h("h2", {}, heading), fields, fault, h("div", { class: "dialog-acts" }, button("Cancel", () => close(), { class: "button plain" }), h("button", { class: "button" }, label)));
  });
}
