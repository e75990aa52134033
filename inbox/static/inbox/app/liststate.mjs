// What stands in place of the rows: loading, nothing there, something wrong; in words, with what to do.

import { same } from "./address.mjs";
import { byId, button, fill, h } from "./dom.mjs";
import { load } from "./listing.mjs";
import { go, may, narrow, pagesHere, state, watch } from "./state.mjs";
import { isRunning, sync } from "./syncing.mjs";

export function startListState() {
  watch("list.status list.rows.length list.error pages filter runs", draw);
}

function draw({ list, filter }) {
  const words = said(list, filter);
  const place = byId("list-state");
  place.hidden = !words;
  byId("scroller").classList.toggle("emptied", Boolean(words) && !list.rows.length);
  fill(place, words);
}

function said(list, filter) {
  if (list.status === "error") return wrong(list.error);
  if (list.status === "short") return told("Search in messages", "Type three letters or more.");
  if (list.rows.length) return null;
  if (list.status === "loading" || !state.pages) return told("Loading …");
  if (!state.pages.length) return noPage();
  return same(filter, { facebookPageId: filter.facebookPageId }) ? nothingYet() : noMatch(filter);
}

function told(heading, ...more) {
  return h("div.state-words", h("p.state-heading", heading), more.map((one) => (typeof one === "string" ? h("p", one) : one)));
}

function wrong(error) {
  const isFilter = error.status === 400 || error.status === 404;
  return told("That did not work", h("p.fault", error.message), isFilter ? clear() : button("Try again", () => load()));
}

const clear = () => button("Clear the filter", () => go({ filter: {} }));

function noPage() {
  if (!state.me.isSuperuser) return told("You see no Page yet", "Ask whoever runs this Inbox to give you a role on a Page. Then reload.");
  return told(
    "No Page is connected yet",
    "Connect one, then bring in its conversations.",
    h("p", h("a", { href: "/admin/conversations/page/connect/" }, "Connect a Page")),
  );
}

function nothingYet() {
  if (pagesHere().some(isRunning)) return told("The first conversations are on their way", "They appear here as they come in.");
  const mine = pagesHere().filter((page) => may("manager", page));
  if (!mine.length) return told("No conversations yet", "They appear here once a manager of the Page has synced it.");
  return told("No conversations yet", "Bring in everything that customers ever wrote.", mine.map((page) => button(`Sync ${page.name}`, () => sync(page))));
}

function noMatch(filter) {
  const deeper = filter.search && filter.search_in !== "messages" && button("Search in all messages", () => narrow({ search_in: "messages" }));
  return told("Nothing matches", filter.search ? `No conversation fits “${filter.search}” with these filters.` : "No conversation fits these filters.", deeper, clear());
}
