// Done or active: shown at once, read anew where the server refuses.

import { idsOf, tellOf, whom } from "./acts.mjs";
import { post } from "./api.mjs";
import { changed } from "./changes.mjs";
import { changeRows } from "./listing.mjs";
import { setTalk, store } from "./state.mjs";
import { complain } from "./toast.mjs";

const bulk = (status, target, more) => post("/api/conversations/bulk-status", { ...whom(target), conversation_status: status, ...more });

/** `target`: {ids} or {all: true}. */
export async function setStatus(status, target) {
  show(idsOf(target), status);
  try {
    tellOf(await bulk(status, target));
  } catch (error) {
    complain(error);
  }
  changed();
}

/** How many it would change: {matched, changed}. */
export const wouldSet = (status, target) => bulk(status, target, { dry_run: true });

function show(ids, status) {
  changeRows(ids, () => ({ conversation_status: status }));
  const { talk } = store.get();
  if (talk?.conversation && ids.includes(talk.id)) {
    setTalk({ conversation: { ...talk.conversation, conversation_status: status } });
  }
}

/** What the first one is not. */
export function otherStatus(target) {
  const { list, talk } = store.get();
  const [id] = idsOf(target);
  const first = list.rows.find((row) => row.id === id) ?? talk?.conversation;
  return first?.conversation_status === "done" ? "active" : "done";
}
