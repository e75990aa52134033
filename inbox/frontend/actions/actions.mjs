// Changes tags, status and assignee of conversations, snoozes them and marks them as read: shown at once, undoable, and
// reverted if the server refuses.
//
// An action has `path` and `body` (its request), `field` and `change` (what it changes in a row), `verb` (of
// confirm-bulk.mjs, with what it says), `prefix` and `noChange` (texts). A target has `ids`, or `filter`: all that match it.

import { post } from "../core/api.mjs";
import { lazy } from "../core/lazy.mjs";
import { notifyChanged } from "../core/refresh.mjs";
import {
	clearSelection,
	closeOpen,
	listedRows,
	navigate,
	set,
	setConversation,
	state,
} from "../core/store.mjs";
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

/** `user`: {id, name}; null: nobody. */
export function assign(user, target) {
	return run(target, {
		path: "bulk-assign",
		body: { userId: user?.id ?? null },
		field: "assignee",
		change: () => user,
		verb: "handOver",
		user,
		prefix: user ? `${user.name}: ` : "",
		noChange: user
			? gettext("Nothing to change: already assigned to %(user)s.", { user: user.name })
			: gettext("Nothing to change: not assigned."),
	});
}

/** `until`: an ISO time; null ends the snooze. */
export function snooze(until, target) {
	if (until && target.ids?.length === 1) openNext(target.ids[0]);
	return run(target, {
		path: "bulk-snooze",
		body: { snoozed_until: until },
		field: "snoozed_until",
		change: () => until,
		verb: "snooze",
		until,
		prefix: "",
		noChange: until
			? gettext("Nothing to change: it is done, or snoozed until then.")
			: gettext("Nothing to change: not snoozed."),
	});
}

export function markRead(isRead, target) {
	return run(target, {
		path: "bulk-read",
		body: { read: isRead },
		field: "unread_count",
		change: (count) => (isRead ? 0 : Math.max(1, count)),
		verb: "markRead",
		isRead,
		isFinal: true,
		prefix: "",
		noChange: isRead
			? gettext("Nothing to change: already read.")
			: gettext("Nothing to change: already unread."),
	});
}

/** Marks the conversations as read, or as unread if the first one is read. */
export function toggleRead(target) {
	const [first] = loadedRows(idsOf(target).slice(0, 1)).values();
	return markRead((first?.unread_count ?? 0) > 0, target);
}

// The open conversation is done or snoozed: the next one that is open follows it, in the order of the list.
async function openNext(id) {
	const rows = listedRows();
	const place = rows.findIndex((row) => row.id === id);
	if (state.openId !== id || place < 0) return;
	const next = rows.slice(place + 1).find((row) => row.conversation_status !== "done" && !row.snoozed_until);
	if (next) navigate({ openId: next.id }, { replace: true });
	else closeOpen();
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
	if (result.changed && !result.act) showMessage(prefix + result.message);
	else if (result.changed) showUndoable(prefix, result);
	else showMessage(noChange);
}

/** Shows operations in slices that go on since this page was loaded before. */
export function showOperations(operations) {
	for (const operation of operations) showInSlices(operation, "");
}

async function showInSlices(operation, prefix) {
	const end = await followOperation(operation, prefix);
	if (end?.changed && end.act) showUndoable(prefix, end);
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

/** Marks the conversations as done, or reopens them. */
export const toggleStatus = (target) => setStatus(oppositeStatus(target), target);

/** The status that the first conversation of the target does not have. */
export function oppositeStatus(target) {
	const [first] = loadedRows(idsOf(target).slice(0, 1)).values();
	return first?.conversation_status === "done" ? "active" : "done";
}

// -- the change in the page, before the server has answered
// A filter that is no longer shown has no rows here.
function idsOf({ ids, filter }) {
	if (ids) return ids;
	return isSameFilter(filter, toParameters(state.filter)) ? listedRows().map(({ id }) => id) : [];
}

/** ID → row, of those that are loaded. The open conversation takes precedence over its row in the list. */
export function loadedRows(ids) {
	const idSet = new Set(ids);
	const rows = [...listedRows(), state.conversation?.row].filter((row) => idSet.has(row?.id));
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
