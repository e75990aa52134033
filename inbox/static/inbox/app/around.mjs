// What stands beside the list: Pages, tags, saved views, and how many conversations each view has.

import { get, isAborted } from "./api.mjs";
import { kept, pagesHere, set, state } from "./state.mjs";

// Each view is a filter. `sum`: the field of the Pages that tells how many it has; the server is asked for the others.
export const VIEWS = [
  { name: "All", icon: "all", filter: {}, sum: "conversations" },
  { name: "To do", icon: "active", filter: { status: "active" } },
  { name: "Waiting 24 h", icon: "waiting", filter: { waiting: "true" } },
  { name: "Unread", icon: "unread", filter: { unread: "true" }, sum: "unread" },
  { name: "Untagged", icon: "untagged", filter: { untagged: "true" } },
  { name: "Done", icon: "done", filter: { status: "done" } },
];

const loaded = (name) => async () => {
  try {
    const answer = await get(`/api/${name}`);
    set({ [name]: kept(state[name], answer[name]), setupError: null });
  } catch (setupError) {
    if (!isAborted(setupError)) set({ setupError });
  }
};

export const loadViews = loaded("views");
export const loadTags = loaded("tags");
const loadPages = loaded("pages");

/** How many each view has of the Page that is shown. Beside the point of the list: an error is left out. */
export async function loadCounts() {
  const { facebookPageId } = state.filter;
  const one = facebookPageId ? { facebookPageId } : {};
  const counts = await Promise.all(VIEWS.map(async ({ name, filter, sum }) => [name, await (sum ? summed(sum) : counted({ ...one, ...filter }))]));
  if (facebookPageId === state.filter.facebookPageId) set({ counts: Object.fromEntries(counts) });
}

function summed(name) {
  return state.pages && { number: pagesHere().reduce((all, page) => all + page[name], 0), isExact: true };
}

async function counted(filter) {
  const { pagination } = await get("/api/conversations", { ...filter, limit: 1, total: "estimate" }).catch(() => ({}));
  return pagination && { number: pagination.total, isExact: pagination.totalIsExact };
}

export async function loadAround() {
  await Promise.all([loadPages(), loadTags()]);
  await loadCounts();
}
