// Done or active: shown at once, taken back where the server refuses.

import { patch } from "./api.mjs";
import { changed } from "./changes.mjs";
import { changeRows } from "./listing.mjs";
import { setTalk, store } from "./state.mjs";
import { complain, say } from "./toast.mjs";
import { plural } from "./words.mjs";

const AT_ONCE = 4;

export async function setStatus(ids, status) {
  show(ids, status);
  try {
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => patch(`/api/conversations/${id}`, { conversation_status: status })));
    }
    const back = status === "done" ? "active" : "done";
    say(`Marked as ${status}: ${plural(ids.length, "conversation")}.`, { action: ["Undo", () => setStatus(ids, back)] });
  } catch (error) {
    complain(error);
  }
  changed();
}

function show(ids, status) {
  changeRows(ids, () => ({ conversation_status: status }));
  const { talk } = store.get();
  if (talk?.conversation && ids.includes(talk.id)) {
    setTalk({ conversation: { ...talk.conversation, conversation_status: status } });
  }
}

/** The other status, of all of them what the first one is not. */
export function toggleStatus(ids) {
  const { list, talk } = store.get();
  const first = list.rows.find(({ id }) => id === ids[0]) ?? talk?.conversation;
  return setStatus(ids, first?.conversation_status === "done" ? "active" : "done");
}
