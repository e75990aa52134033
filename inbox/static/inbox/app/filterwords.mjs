// The filter in words: what each part of it says, and the filter without it.

import { chosen, keys, same, tidy } from "./address.mjs";

/** [{words, choice, tag, without}]: a chip for each part but the search, which stands in its box. */
export function parts(filter, { tags, pages }) {
  const page = pages?.find(({ facebook_page_id: id }) => id === filter.facebookPageId);
  const plain = [
    ["facebookPageId", page?.name ?? "Another Page"],
    ["status", filter.status === "done" ? "Done" : "To do"],
    ["waiting", isYes(filter.waiting) ? "Waiting over 24 h" : "Not waiting"],
    ["unread", isYes(filter.unread) ? "Unread" : "Nothing unread"],
    ["untagged", isYes(filter.untagged) ? "Untagged" : "With a tag"],
    ["platform", filter.platform === "instagram" ? "Instagram" : "Messenger"],
    ["startDate", `From ${filter.startDate}`],
    ["endDate", `Until ${filter.endDate}`],
  ];
  const shown = plain.filter(([name]) => filter[name]);
  return [
    ...shown.map(([name, words]) => ({ words, choice: "", without: tidy({ ...filter, [name]: "" }) })),
    ...["include", "exclude"].flatMap((choice) => ofTags(filter, choice, tags)),
  ];
}

const isYes = (flag) => flag === "true" || flag === "1";

function ofTags(filter, choice, tags) {
  return keys(filter[`${choice}_tags`]).map((key) => {
    const tag = tags?.find(({ id, slug }) => slug === key || String(id) === key) ?? { id: key, slug: key, name: key, color: "" };
    return { words: tag.name, choice, tag, without: chosen(filter, tag, "") };
  });
}

/** What the list is called: a view's name, or what was searched for. */
export function title(filter, views, saved) {
  const view = saved?.find((one) => same(one.filter, filter)) ?? views.find((one) => same(one.filter, { ...filter, facebookPageId: "" }));
  if (view) return view.name;
  return filter.search ? `“${filter.search}”` : "Filtered";
}
