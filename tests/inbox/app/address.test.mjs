import assert from "node:assert/strict";
import { test } from "node:test";

import { asked, choiceOf, clicked, isTooShort, ofView, read, same, tidy, write } from "../../../inbox/static/inbox/app/address.mjs";
import { parts, title } from "../../../inbox/static/inbox/app/filterwords.mjs";

const vip = { id: 3, slug: "vip", name: "VIP" };
const late = { id: 4, slug: "zu-spät", name: "Zu spät" };

test("an address tells the whole state, and is told by it", () => {
  const query = "?facebookPageId=9&status=done&unread=true&untagged=false&platform=instagram&include_tags=vip,late&include_mode=all" +
    "&exclude_tags=x&startDate=2024-01-01&endDate=2024-12-31&search=j%C3%B6rg+%26+co&search_in=messages&insight=1&conversation=17";
  const state = read(query);
  assert.deepEqual([state.open, state.insight, state.filter.search], [17, true, "jörg & co"]);
  assert.equal(write(state), `/${query}`);
});

test("what is empty, foreign or no id is left out", () => {
  assert.deepEqual(read("?search=+&facebookPageId=all&include_mode=all&utm_source=x&conversation=0x1&page=3"), { filter: {}, open: null, insight: false });
  assert.equal(write({ filter: { search: "" } }), "/");
});

test("any state survives the way through its address", () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
  let number = seed;
  const random = (below) => (number = (number * 48271) % 2147483647) % below;
  const texts = ["", "a", "ä ö", "50%", "a&b=c", "x,y", "+1", "日本", "#?/"];
  for (let round = 0; round < 300; round += 1) {
    const filter = tidy({ search: texts[random(9)].trim(), include_tags: texts[random(9)], exclude_tags: texts[random(9)], include_mode: ["", "all"][random(2)], unread: ["", "true"][random(2)] });
    const state = { filter, open: random(3) ? null : 1 + random(99), insight: random(2) === 1 };
    assert.deepEqual(read(write(state).slice(1)), state, `seed ${seed}`);
  }
});

test("a tag is clicked once for with it, twice for without it, thrice for either", () => {
  let filter = {};
  const seen = [];
  for (let click = 0; click < 3; click += 1) {
    filter = clicked(filter, vip);
    seen.push([choiceOf(filter, vip), filter.include_tags, filter.exclude_tags]);
  }
  assert.deepEqual(seen, [["include", "vip", undefined], ["exclude", undefined, "vip"], ["", undefined, undefined]]);
});

test("a tag that an address names by id is the same tag", () => {
  const filter = { include_tags: "3,zu-spät", include_mode: "all" };
  assert.deepEqual([choiceOf(filter, vip), choiceOf(filter, late)], ["include", "include"]);
  assert.deepEqual(clicked(filter, vip), { include_tags: "zu-spät", exclude_tags: "vip" });
});

test("a search that is not there is searched nowhere, and a short one not in messages", () => {
  assert.deepEqual(asked({ search_in: "messages", unread: "true" }), { unread: "true" });
  assert.deepEqual([isTooShort({ search: "ab", search_in: "messages" }), isTooShort({ search: "ab" }), isTooShort({ search: "abc", search_in: "messages" })], [true, false, false]);
});

test("a saved view is a filter, and the list is called by its name", () => {
  const view = { query: { exclude_tags: "x" }, facebookPageId: null };
  assert.ok(same(ofView(view), { exclude_tags: "x", search: "" }));
  assert.deepEqual(ofView({ query: { unread: false } }), { unread: "false" }); // saved by another program
  const views = [{ name: "All", filter: {} }];
  assert.equal(title({ exclude_tags: "x" }, views, [{ name: "Mine", filter: ofView(view) }]), "Mine");
  assert.equal(title({ facebookPageId: "9" }, views, null), "All");
  assert.equal(title({ search: "x" }, views, []), "“x”");
});

test("each part of a filter has words and the filter without it", () => {
  const filter = { unread: "false", include_tags: "vip,gone", exclude_tags: "4" };
  const shown = parts(filter, { tags: [vip, late], pages: [] });
  assert.deepEqual(shown.map(({ words, choice }) => [words, choice]), [["Nothing unread", ""], ["VIP", "include"], ["gone", "include"], ["Zu spät", "exclude"]]);
  assert.deepEqual(shown.map(({ without }) => without), [
    { include_tags: "vip,gone", exclude_tags: "4" },
    { unread: "false", include_tags: "gone", exclude_tags: "4" },
    { unread: "false", include_tags: "vip", exclude_tags: "4" },
    { unread: "false", include_tags: "vip,gone" },
  ]);
});
