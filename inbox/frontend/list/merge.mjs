// Merges rows that were loaded again into the list. Order: newest first, ties by higher ID, rows without a time last.

export function compare(first, second) {
	const [a, b] = [timeOf(first), timeOf(second)];
	return a === b ? second.id - first.id : b - a;
}

function timeOf({ last_message_time: time }) {
	return time === null ? -Infinity : Date.parse(time);
}

/**
 * The rows after a part of them was loaded again. `from`: the row at which the part begins (null: the head of the list);
 * `isEnd`: nothing follows the part. Rows within the range of the part that are missing from it are dropped.
 */
export function mergeRows(rows, part, { from = null, isEnd = false } = {}) {
	const loaded = new Set(part.map(({ id }) => id));
	const last = part.at(-1);
	const isAbove = (row) => from !== null && timeOf(row) > timeOf(from);
	const isBelow = (row) => !isEnd && last !== undefined && compare(row, last) > 0;
	const others = rows.filter((row) => !loaded.has(row.id));
	return [...others.filter(isAbove), ...part, ...others.filter((row) => !isAbove(row) && isBelow(row))];
}

/**
 * The rows after these conversations were looked at: `fitting` are those of them that match the filter, and go to their
 * places; the others leave. `isEnd`, `isHead`: the last and the first matches are loaded. A row behind or before the
 * loaded ones is loaded with them later.
 */
export function placeRows(rows, ids, fitting, { isEnd, isHead = true }) {
	const looked = new Set(ids);
	const placed = rows.filter(({ id }) => !looked.has(id));
	const last = rows.at(-1);
	for (const row of fitting) {
		if (!isEnd && !(last && compare(row, last) <= 0)) continue;
		if (!isHead && !(rows[0] && compare(row, rows[0]) >= 0)) continue;
		const index = placed.findIndex((other) => compare(row, other) < 0);
		placed.splice(index < 0 ? placed.length : index, 0, row);
	}
	return placed;
}

/** Does the reloaded head contain an unchanged row? If not, rows between the head and the list may be missing. */
export function overlaps(rows, head) {
	const times = new Map(rows.map((row) => [row.id, timeOf(row)]));
	return head.some((row) => times.get(row.id) === timeOf(row));
}

/** Adds further rows at the end, without duplicates. */
export function appendRows(rows, part) {
	const added = new Map(part.map((row) => [row.id, row]));
	for (const { id } of rows) added.delete(id); // not a set of all IDs: there may be 100,000 rows
	return rows.concat([...added.values()]);
}

/** Those rows of a part that stand before the loaded ones. */
export function rowsBefore(part, rows) {
	const ids = new Set(rows.map(({ id }) => id));
	return part.filter((row) => !ids.has(row.id) && (!rows.length || compare(row, rows[0]) < 0));
}

/** The index of the part that has this row. */
export const partOf = (parts, row) =>
	Math.max(
		0,
		parts.findLastIndex(({ after }) => after && compare(after, row) < 0),
	);

const MAX_ROWS = 4000; // that are loaded at once
const KEPT_ROWS = 1500; // on each side of what is in sight, when those further away are dropped

/**
 * The list without the parts that are far from the row at `index`, once it is long: the user can scroll through any
 * number of rows. They are loaded again when they are near. Null: nothing is dropped.
 */
export function partsAround({ rows, parts, skipped, next }, index) {
	if (rows.length <= MAX_ROWS) return null;
	const startOf = ({ after }) => (after ? countUntil(rows, after) : 0);
	const isLoaded = (_part, place) => place >= skipped;
	const loaded = parts
		.filter(isLoaded)
		.map((part, place) => ({ part, place: skipped + place, start: startOf(part) }));
	const first = loaded.findLast(({ start }) => start <= index - KEPT_ROWS) ?? { place: skipped, start: 0 };
	const end = loaded.find(({ start }) => start >= index + KEPT_ROWS);
	if (first.place === skipped && !end) return null;
	return {
		rows: rows.slice(first.start, end?.start),
		parts: parts.slice(0, end?.place),
		skipped: first.place,
		next: end ? end.part.cursor : next,
	};
}

/** How many rows come before this one or are it. */
function countUntil(rows, row) {
	let [low, high] = [0, rows.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if (compare(rows[middle], row) <= 0) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** The IDs from one row to another, both included. Only `toId` if the first row is gone. */
export function rangeOfIds(rows, fromId, toId) {
	const [a, b] = [fromId, toId].map((id) => rows.findIndex((row) => row.id === id));
	if (b < 0) return [];
	const [first, last] = a < 0 ? [b, b] : [Math.min(a, b), Math.max(a, b)];
	return rows.slice(first, last + 1).map(({ id }) => id);
}
