// Tags go on and off at once; the server's word follows, and each act can be taken back.

import { idsOf, tellOf, whom } from "./acts.mjs";
import { post } from "./api.mjs";
import { changed } from "./changes.mjs";
import { changeRows } from "./listing.mjs";
import { setTalk, store } from "./state.mjs";
import { complain } from "./toast.mjs";

/** `verb`: assign or remove; `target`: {ids} or {all: true}. */
export async function changeTag(verb, tag, target) {
  const before = show(idsOf(target), verb, tag);
  try {
    const answer = await post("/api/conversations/bulk-tags", { ...whom(target), tagIds: [tag.id], action: verb });
    tellOf(answer, tag.name);
  } catch (error) {
    takeBack(before);
    complain(error);
  }
  changed();
}

/** How many it would change: {matched, changed}. */
export function wouldChange(verb, tag, target) {
  return post("/api/conversations/bulk-tags", { ...whom(target), tagIds: [tag.id], action: verb, dry_run: true });
}

export async function makeTag(name, color) {
  const { tag } = await post("/api/tags", { name, color });
  store.set({ tags: [...(store.get().tags ?? []), tag].sort((one, other) => one.name.localeCompare(other.name)) });
  return tag;
}

// -- what is shown before the server has said it -----------------------------------------------------------------
function show(ids, verb, tag) {
  const change = ({ conversation_tags: tags }) => ({ conversation_tags: withTag(tags, verb, tag) });
  const { talk } = store.get();
  const rows = changeRows(ids, change);
  const open = talk?.conversation && ids.includes(talk.id) ? talk.conversation : null;
  if (open) setTalk({ conversation: { ...open, ...change(open) } });
  return { rows, open };
}

export function withTag(tags, verb, tag) {
  const others = tags.filter((row) => row.tag.id !== tag.id);
  if (verb === "remove") return others;
  return [...others, { id: 0, tag }].sort((one, other) => one.tag.name.localeCompare(other.tag.name));
}

function takeBack({ rows, open }) {
  const tags = new Map(rows.map((row) => [row.id, row.conversation_tags]));
  changeRows([...tags.keys()], ({ id }) => ({ conversation_tags: tags.get(id) }));
  if (open && store.get().talk?.id === open.id) {
    setTalk({ conversation: { ...store.get().talk.conversation, conversation_tags: open.conversation_tags } });
  }
}
