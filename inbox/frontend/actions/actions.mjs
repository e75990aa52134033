// Changes the tags and the status of conversations: shown at once, reverted if the server refuses, and undoable.
//
// An action has `path` and `body` (its request), `field` and `change` (what it changes in a row), `verb` (assign, remove
// or mark, with `tag` or `status`), `prefix` and `noChange` (texts). A target has `ids`, or `filter`: all that match it.

import { get, post } from "../core/api.mjs";
import { lazy } from "../core/lazy.mjs";
import { notifyChanged } from "../core/refresh.mjs";
import { clearSelection, navigate, set, setConversation, state } from "../core/store.mjs";
import { focus } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";
import { showError, showMessage } from "../core/toast.mjs";
import { isSameFilter, toParameters } from "../core/url.mjs";
import { updateRows } from "../list/list-loader.mjs";

const followOperation = lazy(() => import("./operation-progress.mjs"), "followOperation");
const confirmBulk = lazy(() => import("./confirm-bulk.mjs"), "confirmBulk");

/** `verb`: assign or remove. If the target has `selection`, it is cleared after the change. */
export function changeTag(verb, tag, target) {
	return run(target, {
		path: "bulk-tags",
		body: { tagIds: [tag.id], action: verb },
		field: "conversation_tags",
		change: (tags) => updateTags(tags, verb, tag),
		verb,
		tag,
		prefix: `${tag.name}: `,
		noChange: gettext("%(tag)s: nothing to change.", { tag: tag.name }),
	});
}

export function setStatus(status, target) {
	if (status === "done" && target.ids?.length === 1) openNext(target.ids[0]);
	return run(target, {
		path: "bulk-status",
		body: { conversation_status: status },
		field: "conversation_status",
		change: () => status,
		verb: "mark",
		status,
		prefix: "",
		noChange:
			status === "done"
				? gettext("Nothing to change: already done.")
				: gettext("Nothing to change: already open."),
	});
}

// The open conversation is done: the next one that is open follows it, in the order of the list.
async function openNext(id) {
	const { list, openId } = state;
	const place = list.rows.findIndex((row) => row.id === id);
	if (openId !== id || place < 0) return;
	const next = list.rows.slice(place + 1).find((row) => row.conversation_status !== "done");
	navigate({ openId: next?.id ?? null }, { replace: true });
	set({ cursor: next?.id ?? id });
	await null; // the next one is drawn
	focus(next ? "conversation-head" : "scroller");
}

async function run(target, action) {
	if (target.filter && !(await confirmBulk(action, () => send(target, action, { dry_run: true })))) return;
	const revert = applyLocally(idsOf(target), action);
	try {
		showResult(action, await send(target, action));
		if (state.selection === target.selection) clearSelection(); // not if the selection has changed meanwhile
	} catch (error) {
		revert();
		showError(error);
	}
	notifyChanged();
}

// Resolves with {matched, changed, message, act}; `act` is the ID for undoing it.
function send({ ids, filter }, { path, body }, options) {
	const conversations = filter ? { filter } : { conversationIds: ids };
	return post(`/api/conversations/${path}`, { ...conversations, ...body, ...options });
}

// A result with `state` is that of an operation in slices, which goes on: this returns at once.
function showResult({ prefix, noChange }, result) {
	if (result.state) return void showInSlices(result, prefix);
	if (result.changed) showUndoable(prefix, result);
	else showMessage(noChange);
}

/** Shows the operations in slices that go on since this page was loaded before. */
export async function showOperationsInProgress() {
	const { acts } = await get("/api/acts").catch(() => ({ acts: [] }));
	for (const operation of acts) showInSlices(operation, "");
}

async function showInSlices(operation, prefix) {
	const end = await followOperation(operation, prefix);
	if (end?.changed) showUndoable(prefix, end);
	else if (end) showMessage(prefix + end.message);
}

function showUndoable(prefix, { message, act: operation }) {
	showMessage(prefix + message, [gettext("Undo"), () => undo(operation)]);
}

/** Undoes an operation, by its ID, and shows what that changed. */
export async function undo(operation) {
	try {
		const result = await post(`/api/acts/${operation}/undo`);
		if (result.state) showInSlices(result, "");
		else showMessage(result.message);
	} catch (error) {
		showError(error);
	}
	notifyChanged();
}

function updateTags(tags, verb, tag) {
	const others = tags.filter((row) => row.tag.id !== tag.id);
	if (verb === "remove") return others;
	const position = (row) => state.tags?.findIndex(({ id }) => id === row.tag.id) ?? 0; // the server sorts them
	return [...others, { id: 0, tag }].sort((first, second) => position(first) - position(second));
}

/** The status that the first conversation of the target does not have. */
export function oppositeStatus(target) {
	const [first] = loadedRows(idsOf(target).slice(0, 1)).values();
	return first?.conversation_status === "done" ? "active" : "done";
}

// -- the change in the page, before the server has answered
// A filter that is no longer shown has no rows here.
function idsOf({ ids, filter }) {
	if (ids) return ids;
	return isSameFilter(filter, toParameters(state.filter)) ? state.list.rows.map(({ id }) => id) : [];
}

/** ID → row, of those that are loaded. The open conversation takes precedence over its row in the list. */
export function loadedRows(ids) {
	const idSet = new Set(ids);
	const rows = [...state.list.rows, state.conversation?.row].filter((row) => idSet.has(row?.id));
	return new Map(rows.map((row) => [row.id, row]));
}

// Returns a function that reverts the change.
function applyLocally(ids, { field, change }) {
	const before = loadedRows(ids);
	updateField(ids, field, change);
	return () => updateField(ids, field, (value, id) => before.get(id)?.[field] ?? value);
}

function updateField(ids, field, change) {
	const update = (row) => ({ [field]: change(row[field], row.id) });
	updateRows(ids, update);
	const row = state.conversation?.row;
	if (row && ids.includes(row.id)) setConversation({ row: { ...row, ...update(row) } });
}
