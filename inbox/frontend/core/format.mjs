// Formats numbers, times and names.

import { gettext, ngettext } from "./texts.mjs";

const DAY_MS = 86_400_000;
/** The language of the page. English dates are British, and never of an American order. */
const LANGUAGE = globalThis.document?.documentElement.lang || "en";
const DATES = LANGUAGE === "en" ? "en-GB" : LANGUAGE;
const wholeNumber = new Intl.NumberFormat(LANGUAGE);
const percentage = new Intl.NumberFormat(LANGUAGE, { style: "percent" });
/** @type {Intl.DateTimeFormatOptions} */
const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const clock = new Intl.DateTimeFormat(LANGUAGE, CLOCK);
const weekday = new Intl.DateTimeFormat(LANGUAGE, { weekday: "short" });
const day = new Intl.DateTimeFormat(DATES, { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat(DATES, { dateStyle: "medium" });
const longDay = new Intl.DateTimeFormat(DATES, { dateStyle: "full" });

export const formatNumber = (value) => wholeNumber.format(value);

/** A part of 1 as "58%". */
export const formatShare = (share) => percentage.format(share);

/** A text with the number as %(count)s: `plural(2, "%(count)s tag", "%(count)s tags")`. */
export const plural = (count, one, many) => ngettext(one, many, count, { count: formatNumber(count) });

const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();

/** The time for today, the weekday for the last six days, else the date. */
export function formatShortTime(text, now = new Date()) {
	if (!text) return "";
	const moment = new Date(text);
	const days = Math.round((midnight(now) - midnight(moment)) / DAY_MS);
	if (days === 0) return clock.format(moment);
	if (days > 0 && days < 7) return weekday.format(moment);
	return (moment.getFullYear() === now.getFullYear() ? day : dayOfYear).format(moment);
}

/** `timeZone`: if it is not the browser's. */
export const formatTime = (moment, timeZone) =>
	(timeZone ? new Intl.DateTimeFormat(LANGUAGE, { ...CLOCK, timeZone }) : clock).format(new Date(moment));
export const formatDateTime = (text) =>
	text ? `${dayOfYear.format(new Date(text))}, ${formatTime(text)}` : "";

export function formatDay(text, now = new Date()) {
	const days = Math.round((midnight(now) - midnight(new Date(text))) / DAY_MS);
	return { 0: gettext("Today"), 1: gettext("Yesterday") }[days] ?? longDay.format(new Date(text));
}

/** A duration in its two largest units: "1 h 20 min", "45 s", "0.8 s"; as conversations/lib/durations.py. */
export function formatDuration(seconds) {
	const tenths = Math.max(0, Math.round(seconds * 10));
	if (tenths < 100) return `${tenths / 10} s`;
	const total = Math.round(seconds);
	const [days, hours, minutes] = [total / 86_400, (total / 3600) % 24, (total / 60) % 60].map(Math.floor);
	const units = `${days} d ${hours} h ${minutes} min ${total % 60} s`;
	return units.match(/[1-9]\d* \w+( [1-9]\d* \w+)?/)?.[0] ?? ""; // the first that is not 0, and the next one
}

const alternatives = new Intl.ListFormat("en", { type: "disjunction" });
/** "eva, tom, or udo" */
export const displayList = (names) => alternatives.format(names);

/** Whether a name shows anything; as conversations/lib/names.py. */
export const isVisible = (name) => /[^\p{C}\p{M}\p{Z}\u115f\u1160\u3164\uffa0\u2800]/u.test(name);

/** The name of a conversation's customer. */
export const displayName = ({ sender_name: name, sender_id: id }) =>
	isVisible(name) ? name : gettext("No name (%(id)s)", { id });

const isInitial = (character) => /[\p{L}\p{N}]/u.test(character) && isVisible(character);

export function initials(name) {
	const words = name.trim().split(/\s+/).filter(Boolean);
	const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
	const letters = picked.map((word) => [...word].find(isInitial) ?? "");
	return letters.join("").toLocaleUpperCase() || "?";
}

/** A hue in degrees that is always the same for the same text. */
export function hue(text) {
	let sum = 7;
	for (const character of text) sum = (sum * 31 + character.codePointAt(0)) % 3600;
	return sum % 360;
}
