import assert from "node:assert/strict";
import { test } from "node:test";
import { matchOptions } from "../../../inbox/frontend/actions/combobox.mjs";
import { formatShortTime, initials, isVisible } from "../../../inbox/frontend/core/format.mjs";
import { addSample, describeRate } from "../../../inbox/frontend/core/run-state.mjs";
import { linePath } from "../../../inbox/frontend/insight/charts.mjs";

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
	assert.deepEqual(["José García Ruiz", "Дмитрий", "🎉 Ana", "", "!!", "\u3164"].map(initials), [
		"JR",
		"Д",
		"A",
		"?",
		"?",
		"?",
	]);
});

test("a name of invisible characters shows nothing", () => {
	for (const name of ["", " ", "\u3164", "\u200b\u200d", "\ufeff", "\u2800", "\u0301"])
		assert.ok(!isVisible(name));
	for (const name of ["Ana", "ㅋ", "🎉", ".", "\u200bA"]) assert.ok(isVisible(name));
});

const runState = (run, synced, total) => ({ run, synced, skipped: 0, total });

test("the rate of a sync covers the last 30 seconds of the current run", () => {
	let samples = addSample([], runState(1, 900, 1000), 0);
	samples = addSample(samples, runState(2, 0, 1000), 1000);
	assert.equal(describeRate(samples), "");
	samples = addSample(samples, runState(2, 100, 1000), 6000);
	assert.equal(describeRate(samples), "20 conversations per second · about 45 s left");
	assert.equal(addSample(samples, runState(2, 110, 1000), 60_000).length, 1);
});

test("the time left is shown if the total is known", () => {
	const cases = [
		[100, 2000, 1100, 2000, "100 conversations per second · about 9 s left"],
		[100, 90_000, 1100, 90_000, "100 conversations per second · about 14 min 49 s left"],
		[100, 200, 1100, 1200, "100 conversations per second"],
		[0, 20, 2, 20, "12 conversations per minute · about 1 min 30 s left"],
		[5, 20, 5, 20, ""],
	];
	for (const [before, totalBefore, now, total, text] of cases) {
		const first = addSample([], runState(1, before, totalBefore), 0);
		assert.equal(describeRate(addSample(first, runState(1, now, total), 10_000)), text);
	}
	assert.equal(describeRate([]), "");
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
