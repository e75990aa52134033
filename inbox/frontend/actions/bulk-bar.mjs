// The bar over the list that applies actions to the selected conversations, or to all that match the filter.

import { button, fill, h, iconButton, update } from "../core/dom.mjs";
import { formatNumber, plural } from "../core/format.mjs";
import { clearSelection, hasRoleAnywhere, set, state, watch } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { toParameters } from "../core/url.mjs";
import { oppositeStatus, setStatus } from "./actions.mjs";

/**
 * The conversations that an action applies to: {ids}, or {filter} for all that match it. These are the selected ones
 * (then with `selection`), else the open one, else the one under the cursor; null without any, or without permission.
 */
export function currentTarget() {
	const { selection, isAllSelected, filter, openId, cursor } = state;
	if (!hasRoleAnywhere("tagger")) return null;
	// The filter is fixed now: the address may change before the user confirms the action.
	if (isAllSelected) return { filter: toParameters(filter), selection };
	if (selection.size) return { ids: [...selection], selection };
	const id = openId ?? cursor;
	return id ? { ids: [id] } : null;
}

export function startBulkBar({ pickTag }) {
	watch(
		({ selection, isAllSelected, list, pages }) => [selection, isAllSelected, list, pages],
		(current) => draw(current, pickTag),
	);
}

function draw({ selection, isAllSelected, list }, pickTag) {
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
		hasRoleAnywhere("tagger") && actionButtons(pickTag),
		!isAllSelected &&
			selection.size !== list.total &&
			button(gettext("Select all %(conversations)s", { conversations: totalOf(list) }), selectAll, "link"),
		iconButton("close", gettext("Clear selection"), clearSelection),
	);
}

function actionButtons(pickTag) {
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
	];
}

function totalOf({ total, isExact }) {
	if (total === null) return "";
	const conversations = plural(total, "%(count)s conversation", "%(count)s conversations");
	return isExact ? conversations : gettext("about %(conversations)s", { conversations });
}
