import assert from "node:assert/strict";
import { test } from "node:test";

import { appended, between, compare, meets, merged } from "../../../inbox/static/inbox/app/order.mjs";
import { AROUND, inSight, isNearEnd, topFor } from "../../../inbox/static/inbox/app/window.mjs";

const row = (id, minute, more = {}) => ({ id, last_message_time: minute === null ? null : new Date(Date.UTC(2024, 0, 1, 0, minute)).toISOString(), ...more });
const ids = (rows) => rows.map(({ id }) => id);

test("of a hundred thousand rows those in sight are drawn, and a few around them", () => {
  const rows = { height: 800, rowHeight: 80, count: 100_000 };
  assert.deepEqual(inSight({ ...rows, top: 0 }), { first: 0, last: 10 + AROUND });
  assert.deepEqual(inSight({ ...rows, top: 4_000_040 }), { first: 50_000 - AROUND, last: 50_011 + AROUND });
  assert.deepEqual(inSight({ ...rows, top: 80 * 100_000 - 800 }), { first: 99_990 - AROUND, last: 100_000 });
  assert.deepEqual(inSight({ ...rows, count: 0, top: 500 }), { first: 0, last: 0 });
});

test("scrolling goes to a row only where it is not whole in sight", () => {
  const sight = { height: 800, rowHeight: 80 };
  assert.equal(topFor({ ...sight, index: 5, top: 400 }), 400);
  assert.equal(topFor({ ...sight, index: 4, top: 400 }), 320);
  assert.equal(topFor({ ...sight, index: 15, top: 400 }), 480);
  assert.ok(isNearEnd({ ...sight, top: 0, count: 20 }) && !isNearEnd({ ...sight, top: 0, count: 100 }));
});

test("rows are newest first, ties by higher id, those without a time last", () => {
  assert.deepEqual(ids([row(1, null), row(2, 5), row(3, null), row(4, 5), row(5, 9)].sort(compare)), [5, 4, 2, 3, 1]);
});

test("the head read anew brings what is new up, and drops what does not fit any more", () => {
  const rows = [row(9, 90), row(8, 80), row(7, 70), row(6, 60), row(5, 50)];
  const head = [row(5, 95), row(9, 90, { name: "new" }), row(7, 70)];
  assert.deepEqual(ids(merged(rows, head)), [5, 9, 7, 6]);
  assert.equal(merged(rows, head)[1].name, "new");
  assert.deepEqual(ids(merged(rows, head, { isEnd: true })), [5, 9, 7]);
  assert.deepEqual(merged(rows, [], { isEnd: true }), []);
});

test("a head of nothing but news meets none of the rows: some between may be missing", () => {
  const rows = [row(9, 90), row(8, 80)];
  assert.ok(meets(rows, [row(7, 95), row(9, 90)]));
  assert.ok(!meets(rows, [row(7, 99), row(9, 95)])); // this one was written to since
  assert.ok(!meets(rows, []) && !meets([], [row(1, 1)]));
});

test("a part further down read anew leaves what is above it", () => {
  const rows = [row(9, 90), row(8, 80), row(7, 70), row(6, 60), row(5, 50)];
  assert.deepEqual(ids(merged(rows, [row(7, 70), row(5, 50)], { from: rows[2] })), [9, 8, 7, 5]);
});

test("further rows come once, and a range goes both ways", () => {
  const rows = [row(9, 90), row(8, 80), row(7, 70)];
  assert.deepEqual(ids(appended(rows, [row(7, 70), row(6, 60)])), [9, 8, 7, 6]);
  assert.deepEqual([between(rows, 7, 9), between(rows, 9, 8), between(rows, 1, 8), between(rows, 9, 1)], [[9, 8, 7], [9, 8], [8], []]);
});
