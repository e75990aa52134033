// The pane of the open conversation.

import { whenStale } from "../changes.mjs";
import { bubbles } from "./bubbles.mjs";
import { byId, button, fill, h, iconButton, tagDot } from "../dom.mjs";
import { avatar, nameOf } from "../rowview.mjs";
import { go, may, pageOf, store } from "../state.mjs";
import { setStatus } from "../statuses.mjs";
import { whenChanged } from "../store.mjs";
import { changeTag } from "../tagging.mjs";
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
  store.subscribe(whenChanged(({ open }) => [open], ({ open }) => openTalk(open)));
  store.subscribe(whenChanged(({ talk, pages }) => [talk?.conversation, talk?.isAsking, talk?.status, pages], () => drawHead(pick)));
  store.subscribe(whenChanged(({ talk, pages }) => [talk?.id, talk?.events, talk?.status, talk?.next, pages], drawMessages));
  scroller.addEventListener("scroll", () => scroller.scrollTop < NEAR_TOP && loadOlder(), { passive: true });
  store.set({}); // the first drawing
}

const close = () => go({ open: null });

// -- who it is, and what can be done with it -----------------------------------------------------------------------
function drawHead(pick) {
  const { conversation: row, isAsking, status } = store.get().talk ?? {};
  const head = byId("talk-head");
  if (!row) {
    return fill(head, iconButton("back", "Back to the list", close), status === "loading" && h("h2", {}, "Loading …"));
  }
  const isTagger = may("tagger", row.page_id);
  return fill(
    head,
    h("div", { class: "talk-bar" }, iconButton("back", "Back to the list", close), avatar(row), who(row), acts(row, isTagger, isAsking)),
    h("div", { class: "talk-tags" }, row.conversation_tags.map(({ tag }) => chip(row, tag, isTagger)), isTagger && adder(row, pick)),
  );
}

function who(row) {
  const facts = [pageOf(row.page_id)?.name, row.platform === "instagram" ? "Instagram" : "Messenger", `about ${plural(row.message_count, "message")}`];
  return h("div", { class: "who" }, h("h2", {}, h("bdi", {}, nameOf(row))), h("p", { class: "quiet" }, facts.filter(Boolean).join(" · ")));
}

function acts(row, isTagger, isAsking) {
  const isDone = row.conversation_status === "done";
  const other = isDone ? "active" : "done";
  return h(
    "div",
    { class: "acts" },
    iconButton("sync", isAsking ? "Asking Facebook …" : "Ask Facebook for this conversation now", () => askFacebook(row.id), { disabled: isAsking, class: isAsking ? "icon-button turning" : "icon-button" }),
    isTagger && h("button", { type: "button", class: isDone ? "button small plain" : "button small", onclick: () => setStatus(other, { ids: [row.id] }) }, h("span", { class: "mark" }, "Mark as "), h("span", { class: "act-word" }, other)),
    !isTagger && h("span", { class: "state" }, isDone ? "Done" : "Active"),
  );
}

function chip(row, tag, isTagger) {
  const off = () => changeTag("remove", tag, { ids: [row.id] });
  return h(
    "span",
    { class: "tag", css: { "--tag": tag.color } },
    tagDot(tag),
    tag.name,
    isTagger && h("button", { type: "button", "aria-label": `Remove ${tag.name}`, onclick: off }, "×"),
  );
}

function adder(row, pick) {
  return button("+ Tag", () => pick("assign", { ids: [row.id] }), { class: "chip-button" });
}

// -- what was said ---------------------------------------------------------------------------------------------------
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
  if (status === "error") return h("li", { class: "state-words" }, h("p", { class: "fault" }, error.message), button("Try again", () => openTalk(id)));
  if (status === "loading") return h("li", { class: "deed" }, "Loading …");
  if (next) return h("li", { class: "deed" }, button("Older messages", () => loadOlder(), { class: "link" }));
  return h("li", { class: "deed" }, events.length ? "This is where it begins." : "No messages yet.");
}

async function goToFound({ found }) {
  shown.isAtFound = true;
  if (!(await reach(found))) return;
  await null; // drawn by now
  const bubble = scroller.querySelector(`[data-id="${found}"]`);
  if (bubble) scroller.scrollTop = bubble.offsetTop - scroller.clientHeight / 3;
}
