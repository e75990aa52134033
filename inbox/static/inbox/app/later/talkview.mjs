// The pane of the open conversation.

import { changeTag, setStatus } from "../acts.mjs";
import { whenStale } from "../changes.mjs";
import { bubbles } from "./bubbles.mjs";
import { byId, button, fill, h, iconButton, tagChip } from "../dom.mjs";
import { avatar, nameOf } from "../rowview.mjs";
import { go, may, pageOf, set, state, watch } from "../state.mjs";
import { askFacebook, loadOlder, openTalk, reach, refreshTalk } from "./talk.mjs";
import { plural } from "../words.mjs";

const NEAR_TOP = 300; // pixels
const scroller = byId("messages");
const shown = { id: null, isAtFound: false };

let isStarted = false;

/** From the first conversation that is opened on. */
export function startTalk({ pick }) {
  if (isStarted) return;
  isStarted = true;
  whenStale(refreshTalk);
  watch("open", ({ open }) => openTalk(open));
  watch("talk.conversation talk.isAsking talk.status pages", () => drawHead(pick));
  watch("talk.id talk.events talk.status talk.next pages.length", drawMessages);
  scroller.addEventListener("scroll", () => scroller.scrollTop < NEAR_TOP && loadOlder(), { passive: true });
  set({}); // the first drawing
}

// -- who it is, and what can be done with it
function drawHead(pick) {
  const { conversation: row, isAsking, status } = state.talk ?? {};
  const head = byId("talk-head");
  const back = iconButton("back", "Back to the list", () => go({ open: null }));
  if (!row) return fill(head, back, status === "loading" && h("h2", "Loading …"));
  const isTagger = may("tagger", pageOf(row.page_id));
  const adder = button("+ Tag", () => pick("assign", { ids: [row.id] }), "chip-button");
  return fill(
    head,
    h("div.talk-bar", back, avatar(row), who(row), acts(row, isTagger, isAsking)),
    h("div.talk-tags", row.conversation_tags.map(({ tag }) => chip(row, tag, isTagger)), isTagger && adder),
  );
}

function who(row) {
  const facts = [pageOf(row.page_id)?.name, row.platform === "instagram" ? "Instagram" : "Messenger", `about ${plural(row.message_count, "message")}`];
  return h("div.who", h("h2", h("bdi", nameOf(row))), h("p.quiet", facts.filter(Boolean).join(" · ")));
}

function acts(row, isTagger, isAsking) {
  const isDone = row.conversation_status === "done";
  const [other, kind] = isDone ? ["active", "button.small.plain"] : ["done", "button.small"];
  const label = [h("span.mark", "Mark as "), h("span.act-word", other)];
  return h(
    "div.acts",
    iconButton("sync", isAsking ? "Asking Facebook …" : "Ask Facebook for this conversation now", () => askFacebook(row.id), { disabled: isAsking }),
    isTagger ? button(label, () => setStatus(other, { ids: [row.id] }), kind) : h("span.state", isDone ? "Done" : "Active"),
  );
}

function chip(row, tag, isTagger) {
  const off = () => changeTag("remove", tag, { ids: [row.id] });
  return tagChip(tag, "", tag.name, isTagger && button("×", off, "off", { "aria-label": `Remove ${tag.name}` }));
}

// -- what was said
function drawMessages({ talk, filter }) {
  if (!talk) return fill(byId("events"));
  const fromEnd = scroller.scrollHeight - scroller.scrollTop;
  const wasAtEnd = fromEnd - scroller.clientHeight < 40;
  const names = { customer: talk.conversation ? nameOf(talk.conversation) : "", page: pageOf(talk.conversation?.page_id)?.name ?? "The Page" };
  const search = filter.search_in === "messages" ? filter.search : "";
  fill(byId("events"), foot(talk), bubbles(talk.events, { conversation: talk.id, names, search, found: talk.found }));
  const isOther = shown.id !== talk.id;
  if (isOther || wasAtEnd) scroller.scrollTop = scroller.scrollHeight;
  else scroller.scrollTop = scroller.scrollHeight - fromEnd; // older ones came in above
  shown.id = talk.id;
  if (isOther) shown.isAtFound = false;
  if (talk.status === "ready" && talk.found && !shown.isAtFound) goToFound(talk);
  else if (talk.status === "ready" && scroller.scrollHeight <= scroller.clientHeight) loadOlder();
  return undefined;
}

function foot({ status, error, next, events, id }) {
  if (status === "error") return h("li.state-words", h("p.fault", error.message), button("Try again", () => openTalk(id)));
  if (status === "loading") return h("li.deed", "Loading …");
  if (next) return h("li.deed", button("Older messages", () => loadOlder(), "link"));
  return h("li.deed", events.length ? "This is where it begins." : "No messages yet.");
}

async function goToFound({ found }) {
  shown.isAtFound = true;
  if (!(await reach(found))) return;
  await null; // drawn by now
  const bubble = scroller.querySelector(`[data-id="${found}"]`);
  if (bubble) scroller.scrollTop = bubble.offsetTop - scroller.clientHeight / 3;
}
