import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fold, splitAtMatch } from "../../../inbox/frontend/core/folding.mjs";

const page = readFileSync(new URL("../../../docs/search.md", import.meta.url), "utf8");
const rows = [...page.matchAll(/^\| .*? \| `+(.*?)`+ \| `(.*?)` \|$/gmu)];
const isFound = ([, stored, typed]) => fold(stored).includes(fold(typed));

test("the page folds like the search of the server", () => {
	const found = rows.filter(isFound);
	assert.ok(found.length > 30);
	assert.equal(rows.length - found.length, 3); // "What does make a difference"
});

test("a match is marked in the original text", () => {
	assert.deepEqual(splitAtMatch("Grüße an JOSÉ García", "jose g"), [
		["Grüße an ", false],
		["JOSÉ G", true],
		["arcía", false],
	]);
	// One character that folds to two, characters that fold to nothing, and several that fold to one space.
	assert.deepEqual(splitAtMatch("ﬁne", "in"), [
		["ﬁn", true],
		["e", false],
	]);
	assert.deepEqual(splitAtMatch("x Zero\u200bWidth y", "zerowidth"), [
		["x ", false],
		["Zero\u200bWidth", true],
		[" y", false],
	]);
	assert.deepEqual(splitAtMatch("a still \n for b", "still for"), [
		["a ", false],
		["still \n for", true],
		[" b", false],
	]);
	assert.deepEqual(splitAtMatch("none", "x"), [["none", false]]);
	assert.deepEqual(splitAtMatch("none", ""), [["none", false]]);
});
