// Tags and statuses, of some or of everything that matches: shown at once, taken back where the server refuses, undone by act.

import { asked, same } from "./address.mjs";
import { post } from "./api.mjs";
import { changed } from "./changes.mjs";
import { later } from "./later.mjs";
import { changeRows } from "./listing.mjs";
import { letGo, setTalk, state } from "./state.mjs";
import { complain, say } from "./toast.mjs";

const isMeant = later("meant", "isMeant");

/** `verb`: assign or remove; `target`: {ids} or {filter}, all that match it; with `selection`, which is then let go. */
export function changeTag(verb, tag, target) {
  const deed = { path: "bulk-tags", body: { tagIds: [tag.id], action: verb }, field: "conversation_tags", change: (tags) => withTag(tags, verb, tag) };
  return act(target, { ...deed, verb, tag, about: `${tag.name}: `, nothing: `${tag.name}: nothing to change.` });
}

export function setStatus(status, target) {
  const deed = { path: "bulk-status", body: { conversation_status: status }, field: "conversation_status", change: () => status };
  return act(target, { ...deed, verb: "mark", status, about: "", nothing: `Nothing to change: ${status} already.` });
}

async function act(target, deed) {
  if (target.filter && !(await isMeant(deed, () => ask(target, deed, { dry_run: true })))) return;
  const takeBack = show(idsOf(target), deed);
  try {
    tell(deed, await ask(target, deed));
    if (state.selection === target.selection) letGo(); // not what was selected in the meantime
  } catch (error) {
    takeBack();
    complain(error);
  }
  changed();
}

// {matched, changed, message, act}
function ask({ ids, filter }, { path, body }, more) {
  return post(`/api/conversations/${path}`, { ...(filter ? { filter } : { conversationIds: ids }), ...body, ...more });
}

function tell({ about, nothing }, { message, act: own, changed: count }) {
  if (count) say(about + message, ["Undo", () => undo(own)]);
  else say(nothing);
}

async function undo(own) {
  await post(`/api/acts/${own}/undo`).then(({ message }) => say(message), complain);
  changed();
}

function withTag(tags, verb, tag) {
  const others = tags.filter((row) => row.tag.id !== tag.id);
  if (verb === "remove") return others;
  return [...others, { id: 0, tag }].sort((one, other) => one.tag.name.localeCompare(other.tag.name));
}

/** What the first one is not. */
export function otherStatus(target) {
  const [first] = known(idsOf(target).slice(0, 1)).values();
  return first?.conversation_status === "done" ? "active" : "done";
}

// -- what is shown before the server has said it
// Of a filter that is not shown any more there are none.
function idsOf({ ids, filter }) {
  return ids ?? (same(filter, asked(state.filter)) ? state.list.rows.map(({ id }) => id) : []);
}

/** id → row, of those that are known: as it is open, else as the list has it. */
export function known(ids) {
  const wanted = new Set(ids);
  const rows = [...state.list.rows, state.talk?.conversation].filter((row) => wanted.has(row?.id));
  return new Map(rows.map((row) => [row.id, row]));
}

// Returns how to take it back.
function show(ids, { field, change }) {
  const before = known(ids);
  put(ids, field, change);
  return () => put(ids, field, (value, id) => before.get(id)?.[field] ?? value);
}

function put(ids, field, change) {
  const fresh = (row) => ({ [field]: change(row[field], row.id) });
  changeRows(ids, fresh);
  const open = state.talk?.conversation;
  if (open && ids.includes(open.id)) setTalk({ conversation: { ...open, ...fresh(open) } });
}
