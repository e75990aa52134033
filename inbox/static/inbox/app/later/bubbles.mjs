// The messages of a conversation, oldest first, and between them what staff did.

import { h } from "../dom.mjs";
import { piecesOf, reactionsOf } from "./pieces.mjs";
import { marked } from "../rowview.mjs";
import { clockTime, dayName, fullTime } from "../words.mjs";

const SIDES = { message_received: "left", message_sent: "right", message_unknown: "middle" };
const DEEDS = {
  tag_added: ({ name }) => ["tagged ", h("b", String(name))],
  tag_removed: ({ name }) => ["removed the tag ", h("b", String(name))],
  status_changed: ({ from, to }) => [`changed the status from ${from} to ${to}`],
};

/** Elements of these events, which are newest first. `names`: {customer, page}. */
export function bubbles(events, { conversation, names, search, found }) {
  let day = "";
  return [...events].reverse().flatMap((event) => {
    const isNewDay = day !== (day = new Date(event.occurred_at).toDateString());
    const side = SIDES[event.kind];
    const shown = side ? bubble(event, { side, conversation, names, search, isFound: event.id === found }) : deed(event);
    return isNewDay ? [h("li.day", h("span", dayName(event.occurred_at))), shown] : [shown];
  });
}

function bubble(event, { side, conversation, names, search, isFound }) {
  const who = { left: names.customer, right: names.page, middle: "Unknown sender" }[side];
  const reactions = reactionsOf(event);
  return h(
    `li.message.${side}${isFound ? ".found" : ""}`,
    { "data-id": event.id },
    h("span.hidden", `${who}: `),
    h(
      "div.bubble",
      event.text && h("p", { dir: "auto" }, marked(event.text, search)),
      piecesOf(event, conversation).map(piece),
    ),
    h("p.quiet", side === "middle" && `${who} · `, time(event), reactions && ` · ${reactions}`),
  );
}

function time({ occurred_at: at }) {
  return h("time", { datetime: at, title: fullTime(at) }, clockTime(at));
}

function piece({ kind, name, address }) {
  if (!address) return h("p.piece", h("b", kind), name && " ", name && h("bdi", name));
  const link = { href: address, target: "_blank", rel: "noopener noreferrer nofollow" };
  return h("p.piece", h("a", link, h("b", kind), " ", h("bdi", name || "open")));
}

function deed(event) {
  const what = DEEDS[event.kind]?.(event.data) ?? [event.kind.replaceAll("_", " ")];
  return h("li.deed", event.actor || "The system", " ", what, " · ", time(event));
}
