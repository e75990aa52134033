import assert from "node:assert/strict";
import { test } from "node:test";
import { createDrafts } from "../../../inbox/frontend/composer/drafts.mjs";
import { MAX_FILES, problemOf } from "../../../inbox/frontend/composer/file-rules.mjs";
import { fittingReplies, typedShortcut, usableReplies } from "../../../inbox/frontend/composer/matching.mjs";
import { measure } from "../../../inbox/frontend/composer/message-length.mjs";
import {
	decide,
	describeOutgoing,
	isRetry,
	secondsUntil,
} from "../../../inbox/frontend/composer/outgoing-state.mjs";
import { describeWindow } from "../../../inbox/frontend/composer/reply-window.mjs";
import {
	isEmpty,
	messagesOf,
	nothing,
	problemOfAll,
	withFiles,
	without,
	withText,
} from "../../../inbox/frontend/composer/written.mjs";
import { randomId } from "../../../inbox/frontend/core/random-id.mjs";

const MB = 1024 * 1024;
const file = (name, type, size = 10) => ({ name, type, size });

test("a message is as long as its platform counts it", () => {
	assert.deepEqual(measure("👍 ä ", "messenger"), { length: 3, most: 2000, unit: "characters", excess: 0 });
	assert.deepEqual(measure("👍 ä", "instagram"), { length: 7, most: 1000, unit: "bytes", excess: 0 });
	assert.equal(measure("x".repeat(2003), "messenger").excess, 3);
	assert.equal(measure("ä".repeat(501), "instagram").excess, 2);
});

test("a window is described by what the server said, with the time that is left", () => {
	const now = Date.parse("2024-05-17T12:00:00Z");
	const after = (minutes) => new Date(now + minutes * 60_000).toISOString();
	const open = describeWindow({ state: "open", until: after(200) }, now);
	assert.deepEqual([open.isOpen, open.isSoon, open.isOver], [true, false, false]);
	assert.match(open.text, /^You can answer until .*\(3 h 20 min left\)\.$/);
	assert.ok(describeWindow({ state: "open", until: after(59) }, now).isSoon);
	assert.match(describeWindow({ state: "open", until: after(0.5) }, now).text, /1 min left/);
	const over = describeWindow({ state: "open", until: after(-1) }, now);
	assert.deepEqual([over.isOpen, over.isOver], [true, true]); // until the server says so, one may try
	assert.match(
		describeWindow({ state: "human_agent", until: after(6000) }, now).text,
		/only a person .*4 d 4 h left/,
	);
	assert.equal(describeWindow({ state: "closed", until: after(-9000) }, now).isOpen, false);
	for (const reply of [undefined, { state: "unknown", until: null }]) {
		assert.ok(describeWindow(reply, now).isOpen);
		assert.match(describeWindow(reply, now).text, /not known/);
	}
});

test("files are checked by type and size before they leave", () => {
	const taken = [
		file("a.jpg", "image/jpeg", 25 * MB),
		file("Bill.PDF", "application/pdf"),
		file("list.xlsx", ""),
		file("a.m4a", "audio/x-m4a"),
	];
	for (const one of taken) assert.equal(problemOf(one, "messenger"), "");
	assert.match(problemOf(file("a.webp", "image/webp"), "messenger"), /type/);
	assert.match(problemOf(file("run.exe", "application/x-msdownload"), "messenger"), /type/);
	assert.match(problemOf(file("a.png", "image/png", 0), "messenger"), /empty/);
	assert.match(problemOf(file("a.mp4", "video/mp4", 25 * MB + 1), "messenger"), /25 MB/);
	assert.match(problemOf(file("a.png", "image/png", 9 * MB), "instagram"), /8 MB/);
	assert.match(problemOf(file("list.xlsx", ""), "instagram"), /Instagram takes/);
	assert.equal(problemOf(file("a.pdf", "application/pdf", 9 * MB), "instagram"), "");
});

test("a text and each file are messages of their own, and the quote belongs to the text", () => {
	let written = withText(nothing(), "  Hello \n");
	written = withFiles(written, [file("a.png", "image/png"), file("b.png", "image/png")], "messenger");
	written = { ...written, quote: { id: 7, text: "Is it there?" } };
	const messages = messagesOf(written);
	assert.deepEqual(
		messages.map((one) => [one.file?.name, one.text, one.replyTo]),
		[
			["a.png", "", null],
			["b.png", "", null],
			[undefined, "Hello", 7],
		],
	);
	assert.deepEqual(
		messagesOf({ ...written, text: " " }).map(({ replyTo }) => replyTo),
		[7, null],
	);
	assert.ok(isEmpty({ ...nothing(), text: " \n" }) && !isEmpty(written));
});

test("what is sent again has the same ID, and what was sent is not written any more", () => {
	let written = withText(nothing(), "Hello");
	const [{ clientId }] = messagesOf(written);
	assert.equal(messagesOf(withText(written, "Hello"))[0].clientId, clientId);
	assert.notEqual(messagesOf(withText(written, "Hello!"))[0].clientId, clientId);
	written = { ...withFiles(written, [file("a.png", "image/png")], "messenger"), quote: { id: 7, text: "" } };
	const [first, second] = messagesOf(written);
	written = without(written, first.clientId);
	assert.deepEqual(
		[messagesOf(written).map(({ clientId: id }) => id), written.quote?.id],
		[[second.clientId], 7],
	);
	written = without(written, second.clientId);
	assert.deepEqual([written.text, written.files, written.quote], ["", [], null]);
	assert.notEqual(written.textId, second.clientId);
});

test("what cannot be sent says why", () => {
	const problem = (text, platform = "messenger") => problemOfAll(withText(nothing(), text), platform);
	assert.equal(problem("Hi {name} {"), "");
	assert.match(problem("Hi {first_name}"), /\{first_name\}/);
	assert.match(problem("Hi {last_name|}"), /\{last_name\|\}/);
	assert.equal(problem("x".repeat(2001)), "1 character too long.");
	assert.equal(problem("ä".repeat(600), "instagram"), "200 bytes too long.");
	const files = (number) => Array.from({ length: number }, () => file("a.webp", "image/webp"));
	assert.match(problemOfAll(withFiles(nothing(), files(1), "messenger"), "messenger"), /Remove/);
	const many = withFiles(nothing(), files(MAX_FILES + 1), "messenger");
	assert.deepEqual([many.files.length, many.error], [MAX_FILES, "Send at most 10 files at once."]);
});

test("drafts are stored a moment later, at once when they are left, and one after the other", async () => {
	const saved = [];
	const save = async (id, draft, { isLeaving }) => saved.push([id, draft, isLeaving]);
	const drafts = createDrafts(save, undefined, 1);
	drafts.change(1, "a");
	drafts.change(1, "ab");
	assert.ok(drafts.isWaiting(1));
	await new Promise((resolve) => setTimeout(resolve, 20));
	assert.deepEqual(saved, [[1, "ab", false]]);
	const slow = createDrafts(save, undefined, 60_000);
	slow.change(2, "x");
	const flushed = slow.flush(2);
	assert.ok(slow.isWaiting(2)); // it is on its way
	await flushed;
	await slow.flush(2); // nothing new
	assert.ok(!slow.isWaiting(2));
	slow.change(3, "y");
	slow.change(4, "z");
	await slow.leave();
	assert.deepEqual(saved.slice(1), [
		[2, "x", false],
		[3, "y", true],
		[4, "z", true],
	]);
	const errors = [];
	const failing = createDrafts(
		() => Promise.reject(new Error("no")),
		(error) => errors.push(error.message),
		60_000,
	);
	failing.change(1, "a");
	await failing.flush(1);
	failing.change(1, "b");
	await failing.flush(1);
	assert.deepEqual(errors, ["no", "no"]);
});

test("drafts that are on their way when the page is left are sent again, so that they outlive it", async () => {
	const saved = [];
	const never = new Promise(() => {});
	const drafts = createDrafts(
		(id, draft, { isLeaving }) => {
			saved.push([id, draft, isLeaving]);
			return isLeaving ? Promise.resolve() : never;
		},
		undefined,
		60_000,
	);
	drafts.change(1, "on its way");
	drafts.flush(1);
	await Promise.resolve();
	drafts.change(2, "in the queue behind it");
	drafts.flush(2);
	drafts.change(3, "not sent yet");
	await drafts.leave();
	await drafts.leave(); // hidden first, then left
	assert.deepEqual(saved, [
		[1, "on its way", false],
		[1, "on its way", true],
		[2, "in the queue behind it", true],
		[3, "not sent yet", true],
	]);
	assert.ok(![1, 2, 3].some(drafts.isWaiting));
	assert.ok(!process.getActiveResourcesInfo().includes("Timeout"), "nothing is left to be sent later");
});

const reply = (name, shortcut, facebookPageId = null, uses = 0) => ({ name, shortcut, facebookPageId, uses });

test("a shortcut is typed after a slash at the beginning of a word", () => {
	assert.equal(typedShortcut("/"), "");
	assert.equal(typedShortcut("Hi\n/he"), "he");
	for (const text of ["and/or", "a /b c", "https://x", ""]) assert.equal(typedShortcut(text), null);
});

test("the Page's own shortcut comes first, then what is used most", () => {
	const all = [
		reply("Hello of all", "hi"),
		reply("Hello", "hi", "9"),
		reply("Prices", "price", null, 5),
		reply("Hours", "", "9", 7),
		reply("Zebra", "", null, 7),
	];
	const usable = usableReplies(all);
	assert.deepEqual(
		usable.map(({ name }) => name),
		["Hours", "Zebra", "Prices", "Hello"],
	);
	const names = (word) => fittingReplies(usable, word).map(({ name }) => name);
	assert.deepEqual(names("H"), ["Hello", "Hours"]);
	assert.deepEqual(names("pric"), ["Prices"]);
	assert.deepEqual(names("x"), []);
	assert.equal(fittingReplies(usable, "", 2).length, 2);
});

test("a message on its way says what became of it and what can be done", () => {
	const names = (message) => describeOutgoing(message).actions.map(([name]) => name);
	assert.deepEqual(names({ state: "queued" }), ["cancel"]);
	assert.match(describeOutgoing({ state: "queued" }, 4).label, /in 4 s/);
	assert.deepEqual(names({ state: "failed", reason: "Blocked" }), ["retry", "discard"]);
	assert.equal(describeOutgoing({ state: "failed", reason: "Blocked" }).reason, "Blocked");
	const uncertain = describeOutgoing({ state: "uncertain", reason: null });
	assert.deepEqual(
		uncertain.actions.map(([, label]) => label),
		["It is there", "Send again"],
	);
	assert.ok(uncertain.isWrong && uncertain.reason);
	assert.deepEqual(names({ state: "failed", canTakeOver: true }), ["takeOver", "discard"]);
	const asked = (name) => decide((...request) => request, name, { id: 7 });
	assert.deepEqual(asked("takeOver"), ["/api/messages/7/retry", { takeOver: true }]);
	assert.deepEqual(asked("discard"), ["/api/messages/7/discard"]);
	assert.deepEqual(["retry", "takeOver", "discard"].map(isRetry), [true, true, false]);
	for (const state of ["sending", "sent"]) assert.deepEqual(names({ state }), []);
	assert.deepEqual([secondsUntil(5000, 500), secondsUntil(5000, 6000)], [5, 0]);
});

test("random IDs are UUIDs", () => {
	assert.match(randomId(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
	assert.notEqual(randomId(), randomId());
});
