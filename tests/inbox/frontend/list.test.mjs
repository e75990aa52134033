import assert from "node:assert/strict";
import { test } from "node:test";
import {
	isNearEnd,
	OVERSCAN,
	scrollTopFor,
	visibleRange,
} from "../../../inbox/frontend/core/visible-range.mjs";
import {
	appendRows,
	compare,
	mergeRows,
	overlaps,
	partOf,
	partsAround,
	placeRows,
	rangeOfIds,
	rowsBefore,
} from "../../../inbox/frontend/list/merge.mjs";

const row = (id, minute, more = {}) => ({
	id,
	last_message_time: minute === null ? null : new Date(Date.UTC(2024, 0, 1, 0, minute)).toISOString(),
	...more,
});
const ids = (rows) => rows.map(({ id }) => id);

test("of 100,000 rows only the visible ones and a few around them are drawn", () => {
	const rows = { height: 800, rowHeight: 80, count: 100_000 };
	assert.deepEqual(visibleRange({ ...rows, top: 0 }), { first: 0, last: 10 + OVERSCAN });
	assert.deepEqual(visibleRange({ ...rows, top: 4_000_040 }), {
		first: 50_000 - OVERSCAN,
		last: 50_011 + OVERSCAN,
	});
	assert.deepEqual(visibleRange({ ...rows, top: 80 * 100_000 - 800 }), {
		first: 99_990 - OVERSCAN,
		last: 100_000,
	});
	assert.deepEqual(visibleRange({ ...rows, count: 0, top: 500 }), { first: 0, last: 0 });
});

test("the list scrolls to a row only if it is not completely visible", () => {
	const viewport = { height: 800, rowHeight: 80 };
	assert.equal(scrollTopFor({ ...viewport, index: 5, top: 400 }), 400);
	assert.equal(scrollTopFor({ ...viewport, index: 4, top: 400 }), 320);
	assert.equal(scrollTopFor({ ...viewport, index: 15, top: 400 }), 480);
	assert.ok(isNearEnd({ ...viewport, top: 0, count: 20 }) && !isNearEnd({ ...viewport, top: 0, count: 100 }));
});

test("rows are ordered newest first, ties by higher ID, rows without a time last", () => {
	assert.deepEqual(
		ids([row(1, null), row(2, 5), row(3, null), row(4, 5), row(5, 9)].sort(compare)),
		[5, 4, 2, 3, 1],
	);
});

test("a reloaded head moves changed rows up and drops rows that no longer match", () => {
	const rows = [row(9, 90), row(8, 80), row(7, 70), row(6, 60), row(5, 50)];
	const head = [row(5, 95), row(9, 90, { name: "new" }), row(7, 70)];
	assert.deepEqual(ids(mergeRows(rows, head)), [5, 9, 7, 6]);
	assert.equal(mergeRows(rows, head)[1].name, "new");
	assert.deepEqual(ids(mergeRows(rows, head, { isEnd: true })), [5, 9, 7]);
	assert.deepEqual(mergeRows(rows, [], { isEnd: true }), []);
});

test("a head of changed rows only does not overlap: rows in between may be missing", () => {
	const rows = [row(9, 90), row(8, 80)];
	assert.ok(overlaps(rows, [row(7, 95), row(9, 90)]));
	assert.ok(!overlaps(rows, [row(7, 99), row(9, 95)])); // row 9 has a new message
	assert.ok(!overlaps(rows, []) && !overlaps([], [row(1, 1)]));
});

test("conversations that were looked at move, appear or leave, and others stay", () => {
	const rows = [row(9, 90), row(8, 80), row(7, 70), row(6, 60)];
	const placed = (looked, fitting, isEnd = false) => ids(placeRows(rows, looked, fitting, { isEnd }));
	assert.deepEqual(placed([7], [row(7, 95)]), [7, 9, 8, 6]);
	assert.deepEqual(placed([5, 8], [row(5, 85)]), [9, 5, 7, 6]);
	assert.deepEqual(placed([6], [row(6, 60)]), [9, 8, 7, 6]); // the last one stays although more follow
	assert.deepEqual(placed([5], [row(5, 50)]), [9, 8, 7, 6]); // loaded later
	assert.deepEqual(placed([5, 4], [row(5, 50), row(4, null)], true), [9, 8, 7, 6, 5, 4]);
	assert.deepEqual(ids(placeRows([], [1], [row(1, 1)], { isEnd: true })), [1]);
	assert.equal(placeRows(rows, [1], [], { isEnd: false })[0], rows[0]);
});

test("a reloaded part further down keeps the rows above it", () => {
	const rows = [row(9, 90), row(8, 80), row(7, 70), row(6, 60), row(5, 50)];
	assert.deepEqual(ids(mergeRows(rows, [row(7, 70), row(5, 50)], { from: rows[2] })), [9, 8, 7, 5]);
});

test("further rows are appended without duplicates", () => {
	const rows = [row(9, 90), row(8, 80), row(7, 70)];
	assert.deepEqual(ids(appendRows(rows, [row(7, 70), row(6, 60)])), [9, 8, 7, 6]);
});

test("a range of rows works in both directions", () => {
	const rows = [row(9, 90), row(8, 80), row(7, 70)];
	assert.deepEqual(
		[rangeOfIds(rows, 7, 9), rangeOfIds(rows, 9, 8), rangeOfIds(rows, 1, 8), rangeOfIds(rows, 9, 1)],
		[[9, 8, 7], [9, 8], [8], []],
	);
});

test("a part above the loaded rows ends where they begin, and rows that belong above are not placed", () => {
	const loaded = [row(5, 5), row(4, 4)];
	assert.deepEqual(ids(rowsBefore([row(9, 9), row(4, 8), row(6, 6), row(5, 5), row(1, 1)], loaded)), [9, 6]);
	const options = { isEnd: true, isHead: false };
	assert.deepEqual(ids(placeRows(loaded, [7, 3], [row(7, 7), row(3, 3)], options)), [5, 4, 3]);
	const parts = [{ after: null }, { after: row(6, 6) }, { after: row(4, 4) }];
	assert.deepEqual(
		[row(8, 8), row(6, 6), row(5, 5), row(3, 3)].map((one) => partOf(parts, one)),
		[0, 0, 1, 2],
	);
});

test("of a long list only the parts around a row are kept, and where the others begin", () => {
	const all = Array.from({ length: 5000 }, (_, index) => row(5000 - index, 5000 - index));
	const parts = Array.from({ length: 10 }, (_, index) => ({
		cursor: index ? `at ${index}` : "",
		after: index ? all[500 * index - 1] : null,
	}));
	const list = { rows: all, parts, skipped: 0, next: "end" };
	assert.equal(partsAround({ ...list, rows: all.slice(0, 4000) }, 3900), null);
	const end = partsAround(list, 4950);
	assert.deepEqual([end.rows[0], end.rows.at(-1)], [all[3000], all[4999]]);
	assert.deepEqual([end.skipped, end.parts, end.next], [6, parts, "end"]);
	const head = partsAround(list, 10);
	assert.deepEqual([head.rows[0], head.rows.at(-1)], [all[0], all[1999]]);
	assert.deepEqual([head.skipped, head.parts, head.next], [0, parts.slice(0, 4), "at 4"]);
	const middle = partsAround({ ...list, rows: all.slice(500), skipped: 1 }, 2200);
	assert.deepEqual([middle.rows[0], middle.rows.at(-1)], [all[1000], all[4499]]);
	assert.deepEqual([middle.skipped, middle.parts.length, middle.next], [2, 9, "at 9"]);
});
