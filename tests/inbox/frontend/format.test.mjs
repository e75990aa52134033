import assert from "node:assert/strict";
import { test } from "node:test";
import { matchOptions } from "../../../inbox/frontend/actions/combobox.mjs";
import { formatShortTime, initials, splitAtMatch } from "../../../inbox/frontend/core/format.mjs";
import { linePath } from "../../../inbox/frontend/insight/charts.mjs";
import { addSample, rateOf, secondsLeft } from "../../../inbox/frontend/sync/rate.mjs";

test("a search matches regardless of case and accents", () => {
  assert.deepEqual(splitAtMatch("Grüße an JOSÉ García", "jose g"), [
    ["Grüße an ", false],
    ["JOSÉ G", true],
    ["arcía", false],
  ]);
  assert.deepEqual(splitAtMatch("ﬁne", "in"), [
    ["ﬁn", true],
    ["e", false],
  ]); // one character that folds to two
  assert.deepEqual(splitAtMatch("none", "x"), [["none", false]]);
  assert.deepEqual(splitAtMatch("none", ""), [["none", false]]);
});

test("recent times are formatted shorter", () => {
  const now = new Date(2026, 4, 15, 12, 0);
  const shown = [
    new Date(2026, 4, 15, 9, 5),
    new Date(2026, 4, 12, 9, 5),
    new Date(2026, 0, 2),
    new Date(2024, 0, 2),
  ];
  assert.deepEqual(
    shown.map((moment) => formatShortTime(moment.toISOString(), now)),
    ["09:05", "Tue", "2 Jan", "2 Jan 2024"],
  );
  assert.equal(formatShortTime(null), "");
});

test("initials are letters of any script", () => {
  assert.deepEqual(["José García Ruiz", "Дмитрий", "🎉 Ana", "", "!!"].map(initials), [
    "JR",
    "Д",
    "A",
    "?",
    "?",
  ]);
});

test("the rate of a sync covers the last 30 seconds of the current run", () => {
  const state = (run, synced) => ({ run, synced, skipped: 0, total: 1000 });
  let samples = addSample([], state(1, 900), 0);
  samples = addSample(samples, state(2, 0), 1000);
  assert.equal(rateOf(samples), null);
  samples = addSample(samples, state(2, 100), 6000);
  assert.deepEqual([rateOf(samples), secondsLeft(samples, state(2, 100))], [20, 45]);
  assert.equal(addSample(samples, state(2, 110), 60_000).length, 1);
});

test("a missing value interrupts a line", () => {
  assert.deepEqual(linePath([0, null, 10], 10).match(/[ML]/g), ["M", "M"]);
  assert.deepEqual(linePath([0, 5, null, 10, 3], 10).match(/[ML]/g), ["M", "L", "M", "L"]);
});

test("options match words in any order, those that begin with the query first", () => {
  const options = ["Mark as done", "Done", "Sync Demo Shop"].map((label) => ({ label }));
  assert.deepEqual(
    matchOptions(options, "done").map(({ label }) => label),
    ["Done", "Mark as done"],
  );
  assert.deepEqual(
    matchOptions(options, "shop SYNC").map(({ label }) => label),
    ["Sync Demo Shop"],
  );
});
