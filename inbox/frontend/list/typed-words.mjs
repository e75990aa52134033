// The words of a search that are filters, such as tag:vip. The server reads them; here they are completed while the user
// types. docs/api.md has the same words.

import { fold } from "../core/folding.mjs";
import { gettext } from "../core/texts.mjs";

const VALUES = {
	is: ["unread", "read", "open", "done", "snoozed", "waiting", "tagged", "untagged"],
	has: ["attachment", "photo", "video", "audio", "file", "sticker", "note"],
	assignee: ["me", "none"],
	mentioned: ["me"],
	from: ["customer", "page"],
	in: ["messages", "names", "all"],
	platform: ["messenger", "instagram"],
};
const HINTS = {
	tag: gettext("has a tag; with - before it: does not"),
	is: gettext("unread, open, waiting …"),
	has: gettext("attachments or notes"),
	assignee: gettext("me, none, or the ID of a user"),
	mentioned: gettext("whom a note mentions"),
	from: gettext("who wrote last"),
	in: gettext("only messages, or only names"),
	platform: gettext("Messenger or Instagram"),
	before: gettext("before a day, month or year: 2024-05"),
	after: gettext("from a day, month or year on"),
	on: gettext("of a day, month or year"),
};
const KEYS = Object.keys(HINTS);
const ANY_WORD = new RegExp(`(?:^|\\s)-?(?:${KEYS.join("|")}|ad):`, "i");
const LAST_WORD = /(?<minus>-?)(?:(?<key>[a-z]+):)?(?<value>"[^"]*|[^\s"]*)$/i;
const MIN_KEY_LENGTH = 2; // of a word, before keys are suggested
const MAX_SUGGESTIONS = 8;

/** Is a word of the text a filter? */
export const hasWords = (text) => ANY_WORD.test(text);

/** Is its last word a filter that may not be complete yet? */
export const isUnfinished = (text) => KEYS.includes(partsOf(text).key) || /(?:^|\s)-?ad:\S*$/i.test(text);

function partsOf(text) {
	const match = /** @type {RegExpExecArray} */ (LAST_WORD.exec(text)); // it matches an empty word, too
	const { minus, key = "", value } = /** @type {Record<string, string>} */ (match.groups);
	return { before: text.slice(0, match.index), minus, key: key.toLowerCase(), value: value.replace('"', "") };
}

/** [{text, label, hint}]: how the last word could go on; `text` is the whole search then. */
export function suggestWords(text, tags) {
	const { before, minus, key, value } = partsOf(text);
	const word = (label, hint) => ({ text: `${before}${minus}${label}`, label: `${minus}${label}`, hint });
	if (!key) {
		const keys = value.length < MIN_KEY_LENGTH ? [] : KEYS.filter((one) => one.startsWith(fold(value)));
		return keys.map((one) => word(`${one}:`, HINTS[one]));
	}
	const known = key === "tag" ? (tags ?? []) : (VALUES[key] ?? []).map((name) => ({ slug: name, name }));
	const fitting = known.filter(({ slug, name }) => slug !== value && fold(name).includes(fold(value)));
	return fitting
		.slice(0, MAX_SUGGESTIONS)
		.map(({ slug, name }) => word(`${key}:${slug} `, name === slug ? "" : name));
}
