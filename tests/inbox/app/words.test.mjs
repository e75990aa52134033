import assert from "node:assert/strict";
import { test } from "node:test";

import { piecesOf, webAddress } from "../../../inbox/static/inbox/app/later/pieces.mjs";
import { path } from "../../../inbox/static/inbox/app/later/charts.mjs";
import { fitting } from "../../../inbox/static/inbox/app/later/chooser.mjs";
import { rate, sampled, secondsLeft } from "../../../inbox/static/inbox/app/pace.mjs";
import { duration, initials, shortTime, split } from "../../../inbox/static/inbox/app/words.mjs";

test("what was searched for is found whatever its case and accents", () => {
  assert.deepEqual(split("Grüße an JOSÉ García", "jose g"), [["Grüße an ", false], ["JOSÉ G", true], ["arcía", false]]);
  assert.deepEqual(split("ﬁne", "in"), [["ﬁn", true], ["e", false]]); // a sign that stands for two letters
  assert.deepEqual(split("none", "x"), [["none", false]]);
  assert.deepEqual(split("none", ""), [["none", false]]);
});

test("times are as short as they can be", () => {
  const now = new Date(2026, 4, 15, 12, 0);
  const shown = [new Date(2026, 4, 15, 9, 5), new Date(2026, 4, 12, 9, 5), new Date(2026, 0, 2), new Date(2024, 0, 2)];
  assert.deepEqual(shown.map((moment) => shortTime(moment.toISOString(), now)), ["09:05", "Tue", "2 Jan", "2 Jan 2024"]);
  assert.deepEqual([shortTime(null), duration(40), duration(200), duration(7500)], ["", "40 s", "3 min", "2 h 5 min"]);
});

test("initials are letters in any script", () => {
  assert.deepEqual(["José García Ruiz", "Дмитрий", "🎉 Ana", "", "!!"].map(initials), ["JR", "Д", "A", "?", "?"]);
});

test("a sync's pace is that of its last half minute, and of this run alone", () => {
  const state = (run, synced) => ({ run, synced, skipped: 0, total: 1000 });
  let samples = sampled([], state(1, 900), 0);
  samples = sampled(samples, state(2, 0), 1000);
  assert.equal(rate(samples), null);
  samples = sampled(samples, state(2, 100), 6000);
  assert.deepEqual([rate(samples), secondsLeft(samples, state(2, 100))], [20, 45]);
  assert.equal(sampled(samples, state(2, 110), 60_000).length, 1);
});

test("nothing but an address of the web becomes a link", () => {
  assert.deepEqual(["javascript:alert(1)", "data:text/html,x", "//x", "", null, {}].map(webAddress), ["", "", "", "", "", ""]);
  assert.equal(webAddress("https://shop.example/a"), "https://shop.example/a");
});

test("what is attached is shown, whatever Facebook sends in its place", () => {
  const link = "https://cdn.example/a.jpg";
  const event = { id: 5, text: "", data: { sticker: "javascript:x", shares: [{ link, name: "Mug" }] }, attachments: [{ mime_type: "image/jpeg", name: "a", image_data: { url: link } }, null, 7, { generic_template: { title: "Card", cta: { url: "javascript:x" } } }] };
  assert.deepEqual(piecesOf(event, 3), [
    { kind: "Image", name: "a", address: "/api/conversations/3/events/5/attachments/0" },
    { kind: "Attachment", name: "", address: "" }, { kind: "Attachment", name: "", address: "" },
    { kind: "Card", name: "Card", address: "" }, { kind: "Sticker", name: "", address: "" },
    { kind: "Link", name: "Mug", address: link },
  ]);
  for (const odd of [null, "x", 7, [], {}]) piecesOf({ id: 1, text: "", data: odd, attachments: odd }, 3);
  assert.match(piecesOf({ id: 1, text: "", data: {}, attachments: [] }, 3)[0].kind, /shows nothing/);
});

test("a gap in a curve stays a gap, and typed words may stand in any order", () => {
  assert.deepEqual(path([0, null, 10], 10).match(/[ML]/g), ["M", "M"]);
  const options = ["Mark as done", "Done", "Sync Demo Shop"].map((label) => ({ label }));
  assert.deepEqual(fitting(options, "done").map(({ label }) => label), ["Done", "Mark as done"]);
  assert.deepEqual(fitting(options, "shop SYNC").map(({ label }) => label), ["Sync Demo Shop"]);
});
