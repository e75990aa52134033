// What the page shows is in its address: the filter, in the list's own parameters, and what is open.

const FILTER = [
  "facebookPageId", "status", "waiting", "unread", "untagged", "platform", "include_tags", "include_mode",
  "exclude_tags", "startDate", "endDate", "search", "search_in",
];
const WORDS_NEEDED = 3; // letters, for a search in messages

/** {filter, open: id or null, insight} of a query string; what is not ours is left out. */
export function read(query) {
  const given = new URLSearchParams(query);
  const filter = tidy(Object.fromEntries(FILTER.map((name) => [name, (given.get(name) ?? "").trim()])));
  const open = /^[1-9]\d{0,18}$/.test(given.get("conversation") ?? "") ? Number(given.get("conversation")) : null;
  return { filter, open, insight: given.get("insight") === "1" };
}

/** The address of such a state. */
export function write({ filter, open = null, insight = false }) {
  const query = new URLSearchParams(tidy(filter));
  if (insight) query.set("insight", "1");
  if (open) query.set("conversation", open);
  const text = query.toString().replaceAll("%2C", ",");
  return text ? `/?${text}` : "/";
}

/** The filter without what says nothing, in one order: equal filters are written alike. */
export function tidy(filter) {
  const clean = Object.fromEntries(FILTER.map((name) => [name, String(filter[name] ?? "")]).filter(([, value]) => value));
  if (clean.facebookPageId === "all") delete clean.facebookPageId;
  if (clean.include_mode !== "all" || keys(clean.include_tags).length < 2) delete clean.include_mode; // of one tag it says nothing
  return clean;
}

/** What the server is asked: a search that is not there is searched nowhere. */
export function asked(filter) {
  const clean = tidy(filter);
  if (!clean.search) delete clean.search_in;
  return clean;
}

export function isTooShort({ search = "", search_in }) {
  return search_in === "messages" && search.length > 0 && [...search].length < WORDS_NEEDED;
}

export function same(one, other) {
  return JSON.stringify(tidy(one)) === JSON.stringify(tidy(other));
}

export function isEmpty(filter) {
  return same(filter, {});
}

/** The filter of a saved view. */
export function ofView({ query, facebookPageId }) {
  return tidy({ ...query, facebookPageId });
}

// -- tags: named by slug, or by id as others may have written them
export function keys(text = "") {
  return text.split(",").filter(Boolean);
}

function isKeyOf(tag) {
  return (key) => key === tag.slug || key === String(tag.id);
}

/** "include", "exclude" or "". */
export function choiceOf(filter, tag) {
  if (keys(filter.include_tags).some(isKeyOf(tag))) return "include";
  return keys(filter.exclude_tags).some(isKeyOf(tag)) ? "exclude" : "";
}

/** The filter after a click on a tag: with it, then without it, then either. */
export function clicked(filter, tag) {
  const next = { "": "include", include: "exclude", exclude: "" }[choiceOf(filter, tag)];
  return chosen(filter, tag, next);
}

export function chosen(filter, tag, choice) {
  const others = (text) => keys(text).filter((key) => !isKeyOf(tag)(key));
  const [include, exclude] = [others(filter.include_tags), others(filter.exclude_tags)];
  if (choice === "include") include.push(tag.slug);
  if (choice === "exclude") exclude.push(tag.slug);
  return tidy({ ...filter, include_tags: include.join(","), exclude_tags: exclude.join(",") });
}
