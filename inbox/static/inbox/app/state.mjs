// The page's one store, what it begins with, and the way to another address.

import { read, same, write } from "./address.mjs";
import { createStore } from "./store.mjs";

const NO_ROWS = { status: "loading", rows: [], next: null, total: null, isExact: true, error: null, isMore: false };
const RANKS = ["viewer", "tagger", "manager", "superuser"];

const { user, superuser, staff } = document.body.dataset;

export const store = createStore({
  ...read(location.search),
  me: { name: user, isSuperuser: superuser !== undefined, isStaff: staff !== undefined },
  pages: null, tags: null, views: null, counts: {}, setupError: null,
  list: NO_ROWS,
  cursor: null, // the row that the keyboard is at
  selection: new Set(), anchor: null, isAll: false,
  talk: null,
  runs: {}, outcomes: {},
  isConnected: null,
  isSideOpen: false, isFilterOpen: false,
});

export function setList(change) {
  store.set({ list: { ...store.get().list, ...change } });
}

export function setTalk(change) {
  store.set({ talk: { ...store.get().talk, ...change } });
}

// -- addresses -------------------------------------------------------------------------------------------------
/** Shows another filter or opens something; `replace`: without a step for the back button. */
export function go(change, { replace = false } = {}) {
  const { filter, open, insight } = { ...store.get(), ...change };
  const address = write({ filter, open, insight });
  if (address !== write(store.get())) history[replace ? "replaceState" : "pushState"](null, "", address);
  arrive({ filter, open, insight });
}

function arrive(next) {
  const isOther = !same(next.filter, store.get().filter);
  if (isOther) store.set({ selection: new Set(), anchor: null, isAll: false, cursor: null });
  store.set({ ...next, filter: isOther ? next.filter : store.get().filter, isSideOpen: false });
}

addEventListener("popstate", () => arrive(read(location.search)));

// Links within the page are links: they open in a tab of their own for who wants that.
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-go]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(read(link.search));
});

// -- roles -----------------------------------------------------------------------------------------------------
export function pageOf(facebookPageId) {
  return store.get().pages?.find((page) => page.facebook_page_id === facebookPageId);
}

/** Is this the role on that Page, or a higher one? Only for what is shown: the server decides. */
export function may(role, facebookPageId) {
  return RANKS.indexOf(pageOf(facebookPageId)?.role) >= RANKS.indexOf(role);
}

export function maySomewhere(role) {
  return (store.get().pages ?? []).some((page) => may(role, page.facebook_page_id));
}
