// What stands in place of the rows: loading, nothing there, something wrong; in words, with what to do.

import { isEmpty, tidy } from "./address.mjs";
import { byId, button, fill, h } from "./dom.mjs";
import { narrow } from "./finder.mjs";
import { load } from "./listing.mjs";
import { go, may, store } from "./state.mjs";
import { whenChanged } from "./store.mjs";
import { sync, isEnd } from "./syncing.mjs";

export function startListState() {
  store.subscribe(whenChanged(({ list, pages, filter, runs }) => [list.status, list.rows.length, list.error, pages, filter, runs], draw));
}

function draw(state) {
  const words = said(state);
  const place = byId("list-state");
  place.hidden = !words;
  byId("scroller").classList.toggle("emptied", Boolean(words) && !state.list.rows.length);
  fill(place, words);
}

function said({ list, pages, filter, runs }) {
  if (list.status === "error") return wrong(list.error);
  if (list.status === "short") return told("Search in messages", "Type three letters or more.");
  if (list.rows.length) return null;
  if (list.status === "loading" || !pages) return told("Loading …");
  if (!pages.length) return noPage();
  return isEmpty(tidy({ ...filter, facebookPageId: "" })) ? nothingYet(pages, filter, runs) : noMatch(filter);
}

function told(heading, ...more) {
  return h("div", { class: "state-words" }, h("p", { class: "state-heading" }, heading), more.map((one) => (typeof one === "string" ? h("p", {}, one) : one)));
}

function wrong(error) {
  const isFilter = error.status === 400 || error.status === 404;
  return told("That did not work", h("p", { class: "fault" }, error.message), isFilter ? clear() : button("Try again", () => load()));
}

const clear = () => button("Clear the filter", () => go({ filter: {} }));

function noPage() {
  const { me } = store.get();
  if (!me.isSuperuser) return told("You see no Page yet", "Ask whoever runs this Inbox to give you a role on a Page. Then reload.");
  return told(
    "No Page is connected yet",
    "Connect one, then bring in its conversations.",
    h("p", {}, h("a", { href: "/admin/conversations/page/connect/" }, "Connect a Page")),
  );
}

function nothingYet(pages, filter, runs) {
  const here = pages.filter((page) => !filter.facebookPageId || page.facebook_page_id === filter.facebookPageId);
  const running = here.some((page) => runs[page.facebook_page_id] && !isEnd(runs[page.facebook_page_id]));
  if (running) return told("The first conversations are on their way", "They appear here as they come in.");
  const mine = here.filter((page) => may("manager", page.facebook_page_id));
  if (!mine.length) return told("No conversations yet", "They appear here once a manager of the Page has synced it.");
  return told("No conversations yet", "Bring in everything that customers ever wrote.", mine.map((page) => button(`Sync ${page.name}`, () => sync(page))));
}

function noMatch(filter) {
  const deeper = filter.search && filter.search_in !== "messages" && button("Search in all messages", () => narrow({ search_in: "messages" }));
  return told("Nothing matches", filter.search ? `No conversation fits “${filter.search}” with these filters.` : "No conversation fits these filters.", deeper, clear());
}
