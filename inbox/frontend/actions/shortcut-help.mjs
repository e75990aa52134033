// The dialog that lists the keyboard shortcuts.

import { openDialog } from "../core/dialog.mjs";
import { button, h } from "../core/dom.mjs";
import { gettext } from "../core/texts.mjs";

const SHORTCUTS = [
	["j, ↓", gettext("Next conversation")],
	["k, ↑", gettext("Previous conversation")],
	[gettext("Enter, o"), gettext("Open")],
	["x", gettext("Select (Shift-click for a range)")],
	["e", gettext("Done, or reopen")],
	["t", gettext("Add tag")],
	["u", gettext("Remove tag")],
	["a, m", gettext("Assign, assign to me")],
	["z", gettext("Snooze")],
	["U", gettext("Mark as read or unread")],
	["r", gettext("Answer")],
	["c", gettext("Add a note")],
	["/", gettext("Search")],
	["f", gettext("Search in the conversation")],
	["n, N", gettext("Next match, previous match")],
	[gettext("Alt ↑, Alt ↓"), gettext("Move a saved view, in the sidebar")],
	["i", gettext("Insights")],
	[gettext("Ctrl K, ⌘ K"), gettext("Command palette")],
	[gettext("Esc"), gettext("Back")],
	["?", gettext("Keyboard shortcuts")],
];

export function showShortcuts() {
	return openDialog(gettext("Keyboard shortcuts"), (close) => [
		h("h2", gettext("Keyboard shortcuts")),
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
			button(gettext("Close"), () => close(), "button", { autofocus: true }),
		),
	]);
}
