import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { plural } from "../../../inbox/frontend/core/format.mjs";
import { gettext, gettextParts, ngettext } from "../../../inbox/frontend/core/texts.mjs";

afterEach(() => {
	delete globalThis.django;
});

test("English needs no catalogue", () => {
	assert.equal(gettext("Delete the view “%(name)s”?", { name: "100 %(x)s" }), "Delete the view “100 %(x)s”?");
	assert.equal(ngettext("%(count)s tag", "%(count)s tags", 1, { count: 1 }), "1 tag");
	assert.equal(plural(0, "%(count)s tag", "%(count)s tags"), "0 tags");
	assert.equal(plural(2000, "%(count)s tag", "%(count)s tags"), "2,000 tags");
});

test("a catalogue may order the values in another way", () => {
	globalThis.django = {
		gettext: (text) => ({ "%(a)s of %(b)s": "von %(b)s: %(a)s" })[text] ?? text,
		ngettext: (one, many, count) => `${count > 1 ? many : one}!`,
	};
	assert.equal(gettext("%(a)s of %(b)s", { a: 1, b: 2 }), "von 2: 1");
	assert.equal(plural(2, "%(count)s tag", "%(count)s tags"), "2 tags!");
	const element = {};
	assert.deepEqual(gettextParts("%(a)s of %(b)s", { a: element, b: "2" }), ["von ", "2", ": ", element]);
});
