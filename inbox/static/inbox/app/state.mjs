// The page's one state, and the way to another address. Who draws watches; changes of one moment are drawn once.

import { read, same, tidy, write } from "./address.mjs";

export const NO_ROWS = { status: "loading", rows: [], next: null, total: null, isExact: true, error: null, isMore: false, moreError: null };
const NOTHING_SELECTED = { selection: new Set(), anchor: null, isAll: false };
const RANKS = ["viewer", "tagger", "manager", "superuser"];

const { user, superuser } = document.body.dataset;

export let state = {
  ...read(location.search),
  ...NOTHING_SELECTED,
  me: { name: user, isSuperuser: superuser !== undefined },
  pages: null, tags: null, views: null, counts: {}, setupError: null,
  list: NO_ROWS,
  cursor: null, // the row that the keyboard is at
  talk: null,
  runs: {}, outcomes: {},
  isConnected: null,
  isSideOpen: false, isFilterOpen: false,
};

const drawers = [];
let isDue = false;
let isPressed = false;

// What is pressed stays until it is let go: what is drawn anew in between gets no click.
addEventListener("pointerdown", ({ button, target }) => (isPressed = !button && Boolean(target.closest?.("a, button"))), true);
for (const end of ["pointerup", "pointercancel", "contextmenu", "blur"]) addEventListener(end, release, true);

function release() {
  isPressed = false;
  setTimeout(() => isDue && draw()); // after the click
}

function draw() {
  if (isPressed) return;
  isDue = false;
  for (const drawer of drawers) drawer();
}

export function set(change) {
  state = { ...state, ...change };
  if (!isDue) queueMicrotask(draw);
  isDue = true;
}

export const setList = (change) => set({ list: { ...state.list, ...change } });
export const setTalk = (change) => set({ talk: { ...state.talk, ...change } });
export const letGo = () => set(NOTHING_SELECTED);

/** Calls the drawer with the state whenever one of these parts of it is another: "filter talk.status". */
export function watch(names, drawer) {
  const paths = names.split(" ").map((name) => name.split("."));
  let before = [];
  drawers.push(() => {
    const now = paths.map((path) => path.reduce((part, key) => part?.[key], state));
    if (before.length && now.every((part, at) => Object.is(part, before[at]))) return;
    before = now;
    drawer(state);
  });
}

/** What was read anew; where it says the same, what was there: that is not drawn again under a hand or a selection. */
export function kept(before, fresh) {
  return JSON.stringify(before) === JSON.stringify(fresh) ? before : fresh;
}

// -- addresses
/** Shows another filter or opens something; `replace`: without a step for the back button. */
export function go(change, { replace = false } = {}) {
  const { filter, open, insight } = { ...state, ...change };
  const address = write({ filter, open, insight });
  if (address !== write(state)) history[replace ? "replaceState" : "pushState"](null, "", address);
  arrive({ filter: tidy(filter), open, insight });
}

export function narrow(change, options) {
  go({ filter: { ...state.filter, ...change } }, options);
}

/** Numbers of what is shown, in place of a conversation. */
export const toggleInsight = () => go({ insight: !state.insight, open: null });

function arrive(next) {
  const isSame = same(next.filter, state.filter);
  set({ ...next, isSideOpen: false, ...(isSame ? { filter: state.filter } : { ...NOTHING_SELECTED, cursor: null }) });
}

addEventListener("popstate", () => arrive(read(location.search)));

// Links within the page are links: they open in a tab of their own for who wants that.
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-go]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(read(link.search));
});

// -- Pages and roles
export function pageOf(facebookPageId) {
  return state.pages?.find((page) => page.facebook_page_id === facebookPageId);
}

/** The Pages that the filter lets through. */
export function pagesHere() {
  const { pages, filter } = state;
  return (pages ?? []).filter((page) => [undefined, page.facebook_page_id].includes(filter.facebookPageId));
}

/** Is this the role on that Page, or a higher one? Only for what is shown: the server decides. */
export const may = (role, page) => RANKS.indexOf(page?.role) >= RANKS.indexOf(role);
export const maySomewhere = (role) => Boolean(state.pages?.some((page) => may(role, page)));
