// What is said of a run that goes on; conversations/admin/words.py says the same of one that is drawn.

const ENDS = new Set(["complete", "complete_with_errors", "error", "interrupted", "cancelled"]);
const PAUSES = new Set(["waiting", "retrying"]);
const WINDOW_MS = 60000;
const ENOUGH_MS = 4000;

export const isEnd = ({ status }) => ENDS.has(status);
export const isPause = ({ status }) => PAUSES.has(status);
// Why a run failed or pauses is for managers.
export const isDiscreet = ({ status }) => PAUSES.has(status) || ["error", "interrupted", "cancelled"].includes(status);
export const done = ({ synced, skipped }) => synced + skipped;
export const number = (value) => value.toLocaleString("en");

export function statusInWords(status) {
  const words = status.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function resultInWords(state) {
  const count = done(state);
  if (!count) return state.status === "complete" ? "Nothing had changed." : "";
  const numbers = { new: state.inserted, changed: state.updated, skipped: state.skipped };
  const parts = Object.entries(numbers).filter(([, value]) => value).map(([word, value]) => `${number(value)} ${word}`);
  return [`${number(count)} conversation${count === 1 ? "" : "s"}`, ...parts].join(", ");
}

// How fast the last minute was. Time left is told where the number of threads is known: where it grows while they
// are listed, nobody knows.
export class Pace {
  seen = [];

  add(state, now = Date.now()) {
    this.seen.push({ at: now, done: done(state), total: state.total });
    while (this.seen[0].at < now - WINDOW_MS) this.seen.shift();
  }

  get words() {
    const [first, last] = [this.seen[0], this.seen.at(-1)];
    const ms = first ? last.at - first.at : 0;
    if (ms < ENOUGH_MS || last.done <= first.done) return "";
    const each = (last.done - first.done) / (ms / 1000);
    const rate = each >= 1 ? `${number(Math.round(each))} conversations a second` : `${number(Math.max(1, Math.round(60 * each)))} conversations a minute`;
    const left = last.total === first.total ? (last.total - last.done) / each : 0;
    return left > 0 ? `about ${span(left)} left, ${rate}` : rate;
  }
}

export function span(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
