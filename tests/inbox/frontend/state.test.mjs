import assert from "node:assert/strict";
import { test } from "node:test";
import { createState } from "../../../inbox/frontend/core/state.mjs";

const drawn = () => new Promise((resolve) => setTimeout(resolve));

/** Calls `run`, and returns the messages of the errors that views and effects told the browser. */
async function reported(run) {
	const messages = [];
	globalThis.reportError = ({ message }) => messages.push(message);
	run();
	await drawn();
	return messages;
}

test("several changes cause one draw, and only of what watches them", async () => {
	const { set, watch } = createState({ name: "Ana", count: 0, other: 0 });
	const draws = [];
	watch(
		({ name, count }) => [name, count],
		({ name, count }) => draws.push(`${name} ${count}`),
	);
	await drawn();
	set({ count: 1 });
	set({ count: 2 });
	await drawn();
	set({ other: 1 });
	set({ count: 2 });
	await drawn();
	assert.deepEqual(draws, ["Ana 0", "Ana 2"]);
});

test("the parts that a watcher selects may be deep, missing, and more or fewer than before", async () => {
	const { set, watch } = createState({ open: null, list: [1] });
	const draws = [];
	watch(
		({ open }) => [open?.row?.name],
		({ open }) => draws.push(open?.row?.name),
	);
	watch(
		({ list }) => list,
		({ list }) => draws.push(list.length),
	);
	await drawn();
	set({ open: { row: { name: "Ben" } } });
	await drawn();
	set({ open: { row: { name: "Ben" } }, list: [1, 2] });
	await drawn();
	assert.deepEqual(draws, [undefined, 1, "Ben", 2]);
});

test("effects run after all views, and may set the state", async () => {
	const { set, watch, when } = createState({ filter: "a", rows: [] });
	const steps = [];
	when(
		({ filter }) => [filter],
		({ filter }) => {
			steps.push(`load ${filter}`);
			set({ rows: [filter] });
		},
	);
	watch(
		({ rows, filter }) => [rows, filter],
		({ rows }) => steps.push(`draw ${rows}`),
	);
	await drawn();
	assert.deepEqual(steps, ["draw ", "load a", "draw a"]);
});

test("nothing is drawn while it is held", async () => {
	const { set, watch, hold, release } = createState({ count: 0 });
	const draws = [];
	watch(
		({ count }) => [count],
		({ count }) => draws.push(count),
	);
	await drawn();
	hold();
	set({ count: 1 });
	await drawn();
	assert.deepEqual(draws, [0]);
	release();
	assert.deepEqual(draws, [0, 1]);
});

test("a view that sets the state while it is drawn is told so, and the others are drawn", async () => {
	const { set, watch } = createState({ count: 0 });
	const draws = [];
	const messages = await reported(() => {
		watch(
			({ count }) => [count],
			() => set({ count: 1 }),
		);
		watch(
			({ count }) => [count],
			({ count }) => draws.push(count),
		);
	});
	assert.deepEqual(messages, ["A view sets count while it is drawn: use when(), not watch()."]);
	assert.deepEqual(draws, [0]);
	set({ count: 2 }); // afterwards it may be set
});

test("a part that the state does not have, and a watcher without a list, are refused", async () => {
	const { set, watch } = createState({ count: 0 });
	assert.throws(() => set({ cuont: 1 }), /^Error: The state has no cuont\.$/);
	const messages = await reported(() =>
		watch(
			({ count }) => count,
			() => {},
		),
	);
	assert.match(messages[0], /^A watcher selects no list of parts/);
});
