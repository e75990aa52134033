// Tags and statuses: shown at once, taken back where the server refuses; each can be undone.

import { patch, post } from "./api.mjs";
import { changed } from "./changes.mjs";
import { changeRows } from "./listing.mjs";
import { setTalk, state } from "./state.mjs";
import { complain, say } from "./toast.mjs";
import { plural } from "./words.mjs";

const AT_ONCE = 4;

// -- tags
/** `verb`: assign or remove; `target`: {ids} or {filter}, all that match. */
export async function changeTag(verb, tag, target) {
  const ids = target.ids ?? state.list.rows.map(({ id }) => id);
  const takeBack = show(ids, "conversation_tags", (tags) => withTag(tags, verb, tag));
  try {
    const { message, act, changed: count } = await bulk(verb, tag, target);
    say(`${tag.name}: ${count ? message : "nothing to change."}`, count > 0 && ["Undo", () => undo(act)]);
  } catch (error) {
    takeBack();
    complain(error);
  }
  changed();
}

/** {matched, changed, message, act}; with `dry_run` of what it would do. */
export function bulk(verb, tag, { ids, filter }, more = {}) {
  const whom = filter ? { filter } : { conversationIds: ids };
  return post("/api/conversations/bulk-tags", { ...whom, tagIds: [tag.id], action: verb, ...more });
}

async function undo(act) {
  await post(`/api/acts/${act}/undo`).then(({ message }) => say(message), complain);
  changed();
}

function withTag(tags, verb, tag) {
  const others = tags.filter((row) => row.tag.id !== tag.id);
  if (verb === "remove") return others;
  return [...others, { id: 0, tag }].sort((one, other) => one.tag.name.localeCompare(other.tag.name));
}

// -- done or active
export function setStatus(ids, status) {
  const rows = known(ids);
  return mark(ids.filter((id) => rows.get(id)?.conversation_status !== status), status);
}

async function mark(others, status) {
  const takeBack = show(others, "conversation_status", () => status);
  const refused = new Map(); // id → error
  for (let at = 0; at < others.length; at += AT_ONCE) {
    const some = others.slice(at, at + AT_ONCE);
    await Promise.all(some.map((id) => patch(`/api/conversations/${id}`, { conversation_status: status }).catch((error) => refused.set(id, error))));
  }
  takeBack([...refused.keys()]);
  if (refused.size) complain([...refused.values()][0]);
  tell(others.filter((id) => !refused.has(id)), status);
  changed();
}

function tell(ids, status) {
  const back = status === "done" ? "active" : "done";
  if (ids.length) say(`Marked as ${status}: ${plural(ids.length, "conversation")}.`, ["Undo", () => mark(ids, back)]);
}

/** The other status, of all of them what the first one is not. */
export function toggleStatus(ids) {
  const [first] = known(ids.slice(0, 1)).values();
  return setStatus(ids, first?.conversation_status === "done" ? "active" : "done");
}

// -- what is shown before the server has said it
/** id → row, of those that are known: as it is open, else as the list has it. */
export function known(ids) {
  const wanted = new Set(ids);
  const rows = [...state.list.rows, state.talk?.conversation].filter((row) => wanted.has(row?.id));
  return new Map(rows.map((row) => [row.id, row]));
}

// Returns how to take it back, from all or from some of them.
function show(ids, field, change) {
  const before = known(ids);
  put(ids, field, change);
  return (those = ids) => put(those, field, (value, id) => before.get(id)?.[field] ?? value);
}

function put(ids, field, change) {
  const changed = (row) => ({ [field]: change(row[field], row.id) });
  changeRows(ids, changed);
  const open = state.talk?.conversation;
  if (open && ids.includes(open.id)) setTalk({ conversation: { ...open, ...changed(open) } });
}
