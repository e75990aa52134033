import assert from "node:assert/strict";
import { test } from "node:test";

import {
	cycleTag,
	isSameFilter,
	isSearchTooShort,
	normalize,
	parseUrl,
	tagModeOf,
	toParameters,
	toQuery,
	toUrl,
	viewFilter,
} from "../../../inbox/frontend/core/url.mjs";
import { filterParts, listTitle } from "../../../inbox/frontend/list/filter-labels.mjs";

const vip = { id: 3, slug: "vip", name: "VIP" };
const late = { id: 4, slug: "zu-spät", name: "Zu spät" };

test("an address and the state convert into each other", () => {
	const query =
		"?facebookPageId=9&status=done&unread=true&untagged=false&platform=instagram&include_tags=vip,late&include_mode=all" +
		"&exclude_tags=x&startDate=2024-01-01&endDate=2024-12-31&search=j%C3%B6rg+%26+co&search_in=messages&insight=1&conversation=17";
	const state = parseUrl(query);
	assert.deepEqual([state.openId, state.insight, state.filter.search], [17, true, "jörg & co"]);
	assert.equal(toUrl(state), `/${query}`);
});

test("empty and unknown parameters and invalid IDs are ignored", () => {
	assert.deepEqual(
		parseUrl("?search=+&facebookPageId=all&include_mode=all&utm_source=x&conversation=0x1&page=3"),
		{ filter: {}, openId: null, insight: false },
	);
	assert.equal(toUrl({ filter: { search: "" } }), "/");
});

test("any state survives the conversion to an address and back", () => {
	const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);
	let number = seed;
	const random = (below) => {
		number = (number * 48271) % 2147483647;
		return number % below;
	};
	const texts = ["", "a", "ä ö", "50%", "a&b=c", "x,y", "+1", "日本", "#?/"];
	for (let round = 0; round < 300; round += 1) {
		const filter = normalize({
			search: texts[random(9)].trim(),
			include_tags: texts[random(9)],
			exclude_tags: texts[random(9)],
			include_mode: ["", "all"][random(2)],
			unread: ["", "true"][random(2)],
		});
		const state = { filter, openId: random(3) ? null : 1 + random(99), insight: random(2) === 1 };
		assert.deepEqual(parseUrl(toUrl(state).slice(1)), state, `seed ${seed}`);
	}
});

test("days are those of the reader, and stay days in saved views", () => {
	const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
	assert.deepEqual(toParameters({ startDate: "2024-05-17" }), { startDate: "2024-05-17", tz: timeZone });
	assert.deepEqual(toQuery({ startDate: "2024-05-17" }), { startDate: "2024-05-17" });
	const view = { endDate: "2024-05-17", tz: "Asia/Tokyo" };
	assert.deepEqual([toParameters(view), toQuery(view)], [view, view]);
	assert.deepEqual(toParameters({ tz: "Asia/Tokyo" }), {});
});

test("one click includes a tag, a second excludes it, a third clears it", () => {
	let filter = {};
	const results = [];
	for (let click = 0; click < 3; click += 1) {
		filter = cycleTag(filter, vip);
		results.push([tagModeOf(filter, vip), filter.include_tags, filter.exclude_tags]);
	}
	assert.deepEqual(results, [
		["include", "vip", undefined],
		["exclude", undefined, "vip"],
		["", undefined, undefined],
	]);
});

test("an address may name a tag by ID", () => {
	const filter = { include_tags: "3,zu-spät", include_mode: "all" };
	assert.deepEqual([tagModeOf(filter, vip), tagModeOf(filter, late)], ["include", "include"]);
	assert.deepEqual(cycleTag(filter, vip), { include_tags: "zu-spät", exclude_tags: "vip" });
});

test("search_in is sent only with a search", () => {
	assert.deepEqual(toParameters({ search_in: "messages", unread: "true" }), { unread: "true" });
});

test("a search in messages needs three characters, and two in scripts without spaces", () => {
	assert.deepEqual(
		[
			isSearchTooShort({ search: "ab", search_in: "messages" }),
			isSearchTooShort({ search: "ab" }),
			isSearchTooShort({ search: "abc", search_in: "messages" }),
			isSearchTooShort({ search: "退款", search_in: "messages" }),
			isSearchTooShort({ search: "退", search_in: "messages" }),
			isSearchTooShort({ search: "a\u200bb", search_in: "messages" }),
		],
		[true, false, false, false, true, true],
	);
});

test("a saved view is a filter, and its name is the title of the list", () => {
	const view = { query: { exclude_tags: "x" }, facebookPageId: null };
	assert.ok(isSameFilter(viewFilter(view), { exclude_tags: "x", search: "" }));
	assert.deepEqual(viewFilter({ query: { unread: false } }), { unread: "false" }); // saved by another client
	const views = [{ name: "All", filter: {} }];
	assert.equal(listTitle({ exclude_tags: "x" }, views, [{ name: "Mine", filter: viewFilter(view) }]), "Mine");
	assert.equal(listTitle({ facebookPageId: "9" }, views, null), "All");
	assert.equal(listTitle({ search: "x" }, views, []), "“x”");
});

test("each part of a filter has a label and the filter without it", () => {
	const filter = { unread: "false", include_tags: "vip,gone", exclude_tags: "4" };
	const parts = filterParts(filter, { tags: [vip, late], pages: [] });
	assert.deepEqual(
		parts.map(({ label, mode }) => [label, mode]),
		[
			["Read", ""],
			["VIP", "include"],
			["gone", "include"],
			["Zu spät", "exclude"],
		],
	);
	assert.deepEqual(
		parts.map(({ without }) => without),
		[
			{ include_tags: "vip,gone", exclude_tags: "4" },
			{ unread: "false", include_tags: "gone", exclude_tags: "4" },
			{ unread: "false", include_tags: "vip", exclude_tags: "4" },
			{ unread: "false", include_tags: "vip,gone" },
		],
	);
});
