// The bar over the list that applies actions to the selected conversations, or to all that match the filter.

import { button, fill, h, iconButton, update } from "../core/dom.mjs";
import { formatNumber, plural } from "../core/format.mjs";
import { clearSelection, hasRoleAnywhere, set, watch } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
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
		? gettext("All %(conversations)s that match", { conversations: totalOf(list) })
		: gettext("%(count)s selected", { count: formatNumber(selection.size) });
	const selectAll = () => set({ isAllSelected: true });
	return fill(
		"selection",
		h("strong", { "aria-live": "polite" }, label),
		hasRoleAnywhere("tagger") && actionButtons(pickers),
		!isAllSelected &&
			selection.size !== list.total &&
			button(gettext("Select all %(conversations)s", { conversations: totalOf(list) }), selectAll, "link"),
		iconButton("close", gettext("Clear selection"), clearSelection),
	);
}

function actionButtons({ pickTag, pickAssignee, pickSnooze }) {
	const kind = "button.small.plain";
	const status = oppositeStatus(currentTarget());
	return [
		button(gettext("Add tag"), () => pickTag("assign", currentTarget()), "button.small"),
		button(gettext("Remove tag"), () => pickTag("remove", currentTarget()), kind),
		button(
			status === "done" ? gettext("Done") : gettext("Reopen"),
			() => setStatus(status, currentTarget()),
			kind,
		),
		button(gettext("Assign"), () => pickAssignee(currentTarget()), kind),
		button(gettext("Snooze"), () => pickSnooze(currentTarget()), kind),
		button(gettext("Read/unread"), () => toggleRead(currentTarget()), kind),
	];
}

function totalOf({ total, isExact }) {
	if (total === null) return "";
	const conversations = plural(total, "%(count)s conversation", "%(count)s conversations");
	return isExact ? conversations : gettext("about %(conversations)s", { conversations });
}
