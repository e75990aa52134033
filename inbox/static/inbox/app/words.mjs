// Numbers, times and names as people read them.

const DAY_MS = 86_400_000;
const whole = new Intl.NumberFormat("en");
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const weekday = new Intl.DateTimeFormat("en", { weekday: "short" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const dayOfYear = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const longDay = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" });

export const number = (value) => whole.format(value);

export const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;

const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();

/** The time today, the weekday this week, else the day. */
export function shortTime(text, now = new Date()) {
  if (!text) return "";
  const moment = new Date(text);
  const days = Math.round((midnight(now) - midnight(moment)) / DAY_MS);
  if (days === 0) return clock.format(moment);
  if (days > 0 && days < 7) return weekday.format(moment);
  return (moment.getFullYear() === now.getFullYear() ? day : dayOfYear).format(moment);
}

export const clockTime = (text) => clock.format(new Date(text));
export const fullTime = (text) => (text ? `${dayOfYear.format(new Date(text))}, ${clockTime(text)}` : "");

export function dayName(text, now = new Date()) {
  const days = Math.round((midnight(now) - midnight(new Date(text))) / DAY_MS);
  return { 0: "Today", 1: "Yesterday" }[days] ?? longDay.format(new Date(text));
}

/** "40 s", "3 min", "2 h 5 min" */
export function duration(seconds) {
  if (seconds > 0 && seconds < 1) return "less than a second";
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words.at(-1)] : words;
  const signs = picked.map((word) => [...word].find((sign) => /[\p{L}\p{N}]/u.test(sign)) ?? "");
  return signs.join("").toLocaleUpperCase() || "?";
}

/** A hue, always the same for the same text. */
export function hue(text) {
  let sum = 7;
  for (const sign of text) sum = (sum * 31 + sign.codePointAt(0)) % 3600;
  return sum % 360;
}

// -- what was searched for, in a text
export const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

/** [[text, isHit], …]: the text in pieces, those that match a search told apart. */
export function split(text, search) {
  const wanted = folded(search ?? "");
  const signs = [...text];
  const map = signs.flatMap((sign, at) => Array(folded(sign).length).fill(at));
  const found = wanted ? signs.map(folded).join("").indexOf(wanted) : -1;
  if (found < 0) return [[text, false]];
  const [first, last] = [map[found], map[found + wanted.length - 1] + 1];
  const pieces = [[signs.slice(0, first), false], [signs.slice(first, last), true], [signs.slice(last), false]];
  return pieces.filter(([part]) => part.length).map(([part, isHit]) => [part.join(""), isHit]);
}
