// The keys, to look up.

import { button, h } from "../dom.mjs";
import { openDialog } from "./dialog.mjs";

const KEYS = [
  ["j, ↓", "Next conversation"], ["k, ↑", "Conversation before"], ["Enter, o", "Open it"],
  ["x", "Select it (Shift and click: all up to there)"], ["e", "Done, or active again"], ["t", "Tag"],
  ["u", "Take a tag off"], ["/", "Search"], ["i", "Numbers of what is shown"],
  ["Ctrl K, ⌘ K", "Everything else: views, tags, Pages"], ["Esc", "Back"], ["?", "These keys"],
];

export function showHelp() {
  return openDialog("Keys", (close) => [
    h("h2", "Keys"),
    h("dl.keys", KEYS.map(([keys, words]) => [h("dt", keys.split(", ").map((key) => h("kbd", key))), h("dd", words)])),
    h("div.dialog-acts", button("Close", () => close(), "button", { autofocus: true })),
  ]);
}
