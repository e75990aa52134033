// The keys, to look up.

import { button, h } from "../dom.mjs";
import { KEYS } from "../keys.mjs";
import { openDialog } from "./dialog.mjs";

export function showHelp() {
  return openDialog("Keys", (close) => [
    h("h2", {}, "Keys"),
    h("dl", { class: "keys" }, KEYS.map(([keys, words]) => [h("dt", {}, keys.split(", ").map((key) => h("kbd", {}, key))), h("dd", {}, words)])),
    h("div", { class: "dialog-acts" }, button("Close", () => close(), { autofocus: true })),
  ]);
}
