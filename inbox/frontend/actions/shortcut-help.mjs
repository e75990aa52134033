// The dialog that lists the keyboard shortcuts.

import { openDialog } from "../core/dialog.mjs";
import { button, h } from "../core/dom.mjs";

const SHORTCUTS = [
	["j, ↓", "Next conversation"],
	["k, ↑", "Previous conversation"],
	["Enter, o", "Open"],
	["x", "Select (Shift-click for a range)"],
	["e", "Done, or reopen"],
	["t", "Add tag"],
	["u", "Remove tag"],
	["a, m", "Assign, assign to me"],
	["z", "Snooze"],
	["U", "Mark as read or unread"],
	["c", "Add a note"],
	["/", "Search"],
	["f", "Search in the conversation"],
	["n, N", "Next match, previous match"],
	["Alt ↑, Alt ↓", "Move a saved view, in the sidebar"],
	["i", "Insights"],
	["Ctrl K, ⌘ K", "Command palette"],
	["Esc", "Back"],
	["?", "Keyboard shortcuts"],
];

export function showShortcuts() {
	return openDialog("Keyboard shortcuts", (close) => [
		h("h2", "Keyboard shortcuts"),
		h(
			"dl.shortcuts",
			SHORTCUTS.map(([keys, description]) => [
				h(
					"dt",
					keys.split(", ").map((key) => h("kbd", key)),
				),
				h("dd", description),
			]),
		),
		h(
			"div.dialog-buttons",
			button("Close", () => close(), "button", { autofocus: true }),
		),
	]);
}
