// Converts the state of the page to its address and back: the filter, in the parameters of the list, and what is open.

import { fold } from "./folding.mjs";
import { timeZone } from "./time-zone.mjs";

const FILTER_PARAMETERS = [
	"facebookPageId",
	"status",
	"waiting",
	"unread",
	"untagged",
	"platform",
	"ad_id",
	"has_attachment",
	"last_message_from",
	"assignee",
	"mentioned",
	"snoozed",
	"has_note",
	"include_tags",
	"include_mode",
	"exclude_tags",
	"startDate",
	"endDate",
	"tz",
	"search",
	"search_in",
	"q", // of views that other programs have saved: here typed words become parameters
];
const MIN_SEARCH_LENGTH = 3; // characters, when searching in messages
const MIN_UNSPACED = 2; // in scripts that put no space between words: those of conversations/lib/folding.py
const UNSPACED =
	/[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\u{1b000}-\u{1b16f}\u{20000}-\u{323af}]/u;

/** Parses a query string to {filter, openId: ID or null, insight}. Unknown parameters are ignored. */
export function parseUrl(query) {
	const parameters = new URLSearchParams(query);
	const filter = normalize(
		Object.fromEntries(FILTER_PARAMETERS.map((name) => [name, (parameters.get(name) ?? "").trim()])),
	);
	const id = parameters.get("conversation") ?? "";
	const openId = /^[1-9]\d{0,18}$/.test(id) ? Number(id) : null;
	return { filter, openId, insight: parameters.get("insight") === "1" };
}

/**
 * The address of a state.
 * @param {{filter: any, openId?: number | null, insight?: boolean}} state
 */
export function toUrl({ filter, openId = null, insight = false }) {
	const query = new URLSearchParams(normalize(filter));
	if (insight) query.set("insight", "1");
	if (openId) query.set("conversation", String(openId));
	const text = query.toString().replaceAll("%2C", ",");
	return text ? `/?${text}` : "/";
}

/** The filter without empty parameters, in a fixed order: equal filters have equal JSON. */
export function normalize(filter) {
	const result = Object.fromEntries(
		FILTER_PARAMETERS.map((name) => [name, String(filter[name] ?? "")]).filter(([, value]) => value),
	);
	if (result.facebookPageId === "all") delete result.facebookPageId;
	if (!result.startDate && !result.endDate) delete result.tz;
	if (!result.search && result.search_in === "all") delete result.search_in;
	// With one tag, "any" and "all" are the same.
	if (result.include_mode !== "all" || splitKeys(result.include_tags).length < 2) delete result.include_mode;
	return result;
}

/** The parameters of a request for this filter. Days are those of the reader, unless a saved view says of whom. */
export function toParameters(filter) {
	const parameters = toQuery(filter);
	if (parameters.startDate || parameters.endDate) parameters.tz ??= timeZone;
	return parameters;
}

/** What a saved view stores of this filter, in which days stay days. `search_in` is there only with a search. */
export function toQuery(filter) {
	const parameters = normalize(filter);
	if (!parameters.search) delete parameters.search_in;
	return parameters;
}

/** @param {Record<string, string>} filter */
export const isSearchTooShort = ({ search = "", search_in }) =>
	search_in === "messages" && isShort(search) && search.length > 0;

/** Is the text too short for a search in messages? */
export function isShort(text) {
	const folded = fold(text).trim();
	return [...folded].length < (UNSPACED.test(folded) ? MIN_UNSPACED : MIN_SEARCH_LENGTH);
}

/** Are names and messages searched together, and shown in groups? @param {Record<string, string>} filter */
export const isGrouped = ({ search = "", search_in }) => search_in === "all" && !isShort(search);

/** The text that messages are searched for; "" if they are not. @param {Record<string, string>} filter */
export const textInMessages = ({ search = "", search_in }) =>
	["messages", "all"].includes(search_in) && !isShort(search) ? search : "";

export function isSameFilter(first, second) {
	return JSON.stringify(normalize(first)) === JSON.stringify(normalize(second));
}

export function isEmptyFilter(filter) {
	return isSameFilter(filter, {});
}

/** The filter of a saved view. */
export function viewFilter({ query, facebookPageId }) {
	return normalize({ ...query, facebookPageId });
}

// -- tags: a key is a slug, or an ID in addresses that others have written
export function splitKeys(text = "") {
	return text.split(",").filter(Boolean);
}

function isKeyOf(tag) {
	return (key) => key === tag.slug || key === String(tag.id);
}

/** "include", "exclude" or "". */
export function tagModeOf(filter, tag) {
	if (splitKeys(filter.include_tags).some(isKeyOf(tag))) return "include";
	return splitKeys(filter.exclude_tags).some(isKeyOf(tag)) ? "exclude" : "";
}

/** The filter after a click on a tag: include it, then exclude it, then neither. */
export function cycleTag(filter, tag) {
	const next = { "": "include", include: "exclude", exclude: "" }[tagModeOf(filter, tag)];
	return withTagMode(filter, tag, next);
}

export function withTagMode(filter, tag, mode) {
	const otherKeys = (text) => splitKeys(text).filter((key) => !isKeyOf(tag)(key));
	const [include, exclude] = [otherKeys(filter.include_tags), otherKeys(filter.exclude_tags)];
	if (mode === "include") include.push(tag.slug);
	if (mode === "exclude") exclude.push(tag.slug);
	return normalize({ ...filter, include_tags: include.join(","), exclude_tags: exclude.join(",") });
}
