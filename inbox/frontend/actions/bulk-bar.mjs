// The bar over the list that applies actions to the selected conversations, or to all that match the filter.

import { button, fill, h, iconButton, update } from "../core/dom.mjs";
import { formatNumber, plural } from "../core/format.mjs";
import { clearSelection, hasRoleAnywhere, set, watch } from "../core/store.mjs";
import { currentTarget } from "../list/selection.mjs";
import { oppositeStatus, setStatus, toggleRead } from "./actions.mjs";

/** Each of these functions is loaded when it is used. */
export function startBulkBar(pickers) {
	watch(
		({ selection, isAllSelected, list, pages }) => [selection, isAllSelected, list, pages],
		(current) => draw(current, pickers),
	);
}

function draw({ selection, isAllSelected, list }, pickers) {
	const isShown = selection.size > 0 || isAllSelected;
	update("selection", { hidden: !isShown });
	if (!isShown) return fill("selection");
	const label = isAllSelected
		? `All ${totalOf(list)} that match`
		: `${formatNumber(selection.size)} selected`;
	const selectAll = () => set({ isAllSelected: true });
	return fill(
		"selection",
		h("strong", { "aria-live": "polite" }, label),
		hasRoleAnywhere("tagger") && actionButtons(pickers),
		!isAllSelected &&
			selection.size !== list.total &&
			button(`Select all ${totalOf(list)}`, selectAll, "link"),
		iconButton("close", "Clear selection", clearSelection),
	);
}

function actionButtons({ pickTag, pickAssignee, pickSnooze }) {
	const kind = "button.small.plain";
	const status = oppositeStatus(currentTarget());
	return [
		button("Add tag", () => pickTag("assign", currentTarget()), "button.small"),
		button("Remove tag", () => pickTag("remove", currentTarget()), kind),
		button(status === "done" ? "Done" : "Reopen", () => setStatus(status, currentTarget()), kind),
		button("Assign", () => pickAssignee(currentTarget()), kind),
		button("Snooze", () => pickSnooze(currentTarget()), kind),
		button("Read/unread", () => toggleRead(currentTarget()), kind),
	];
}

function totalOf({ total, isExact }) {
	return total === null ? "" : `${isExact ? "" : "about "}${plural(total, "conversation")}`;
}
