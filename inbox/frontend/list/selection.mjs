// Selects rows of the list.

import { clearSelection, set, state } from "../core/store.mjs";
import { rangeOfIds } from "./merge.mjs";

/** Selects a row or deselects it. `isRange`: selects all rows from the last selected one to this one. */
export function toggleSelection(id, { isRange = false } = {}) {
	const { list, anchor, selection, isAllSelected } = state;
	if (isAllSelected) return clearSelection();
	const selected = new Set(selection);
	if (isRange && anchor !== null) for (const each of rangeOfIds(list.rows, anchor, id)) selected.add(each);
	else if (!selected.delete(id)) selected.add(id);
	return set({ selection: selected, anchor: id });
}
