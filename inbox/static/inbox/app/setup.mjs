// What stands beside the list: Pages, tags, saved views, and how many conversations each view has.

import { get, isAborted } from "./api.mjs";
import { store } from "./state.mjs";

// Each view is a filter.
export const VIEWS = [
  { name: "All", icon: "all", filter: {} },
  { name: "To do", icon: "active", filter: { status: "active" } },
  { name: "Waiting 24 h", icon: "waiting", filter: { waiting: "true" } },
  { name: "Unread", icon: "unread", filter: { unread: "true" } },
  { name: "Untagged", icon: "untagged", filter: { untagged: "true" } },
  { name: "Done", icon: "done", filter: { status: "done" } },
];
const COUNTED = VIEWS.filter(({ name }) => !["All", "Unread"].includes(name)); // the Pages tell those

export async function loadPages() {
  await keep(async () => ({ pages: (await get("/api/pages")).pages, setupError: null }));
}

export async function loadTags() {
  await keep(async () => ({ tags: (await get("/api/tags")).tags }));
}

export async function loadViews() {
  await keep(async () => ({ views: (await get("/api/views")).views }));
}

async function keep(read) {
  try {
    store.set(await read());
  } catch (error) {
    if (!isAborted(error)) store.set({ setupError: error });
  }
}

/** How many each view has of the Page that is shown. Beside the point of the list: an error is left out. */
export async function loadCounts() {
  const { facebookPageId } = store.get().filter;
  const one = facebookPageId ? { facebookPageId } : {};
  const asked = COUNTED.map(({ filter }) => get("/api/conversations", { ...one, ...filter, limit: 1, total: "estimate" }));
  const answers = await Promise.allSettled(asked);
  const found = answers.map(({ value }, at) => [COUNTED[at].name, value?.pagination]);
  store.set({ counts: { ...pageCounts(facebookPageId), ...Object.fromEntries(found.map(([name, part]) => [name, countOf(part)])) } });
}

const countOf = (part) => (part ? { number: part.total, isExact: part.totalIsExact } : undefined);

function pageCounts(facebookPageId) {
  const pages = (store.get().pages ?? []).filter((page) => !facebookPageId || page.facebook_page_id === facebookPageId);
  const sum = (name) => ({ number: pages.reduce((all, page) => all + page[name], 0), isExact: true });
  return pages.length ? { All: sum("conversations"), Unread: sum("unread") } : {};
}

export async function loadAround() {
  await Promise.all([loadPages(), loadTags()]);
  await loadCounts();
}
