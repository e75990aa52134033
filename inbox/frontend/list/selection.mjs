// Selects rows of the list, and says which conversations an action applies to.

import { clearSelection, hasRoleAnywhere, listedRows, set, state } from "../core/store.mjs";
import { toParameters } from "../core/url.mjs";
import { rangeOfIds } from "./merge.mjs";

/** Selects a row or deselects it. `isRange`: selects all rows from the last selected one to this one. */
export function toggleSelection(id, { isRange = false } = {}) {
	const { anchor, selection, isAllSelected } = state;
	if (isAllSelected) return clearSelection();
	const selected = new Set(selection);
	if (isRange && anchor !== null) for (const each of rangeOfIds(listedRows(), anchor, id)) selected.add(each);
	else if (!selected.delete(id)) selected.add(id);
	return set({ selection: selected, anchor: id });
}

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
