// Formats the state of a run that is going on; conversations/admin/formatting.py does the same on the server.

const TERMINAL_STATUSES = new Set(["complete", "complete_with_errors", "error", "interrupted", "cancelled"]);
const WAITING_STATUSES = new Set(["waiting", "retrying"]);
const STATUS_LABELS = { complete_with_errors: "Completed with errors" };
const WINDOW_MS = 60000;
const MIN_WINDOW_MS = 4000;

export const isEnd = ({ status }) => TERMINAL_STATUSES.has(status);
export const isWaiting = ({ status }) => WAITING_STATUSES.has(status);
// Only managers see why a run failed or waits.
export const isPrivate = ({ status }) =>
  isWaiting({ status }) || ["error", "interrupted", "cancelled"].includes(status);
export const done = ({ synced, skipped }) => synced + skipped;
export const number = (value) => value.toLocaleString("en");

export function describeStatus(status) {
  const text = status.replaceAll("_", " ");
  return STATUS_LABELS[status] ?? text.charAt(0).toUpperCase() + text.slice(1);
}

export function describeResult(state) {
  const count = done(state);
  if (!count) return state.status === "complete" ? "No changes." : "";
  const numbers = { new: state.inserted, changed: state.updated, skipped: state.skipped };
  const parts = Object.entries(numbers)
    .filter(([, value]) => value)
    .map(([label, value]) => `${number(value)} ${label}`);
  return [`${number(count)} conversation${count === 1 ? "" : "s"}`, ...parts].join(", ");
}

// The rate of the last minute. The time left is given only if the total is known: while threads are still being
// listed, the total grows.
export class Rate {
  samples = [];

  add(state, now = Date.now()) {
    this.samples.push({ at: now, done: done(state), total: state.total });
    while (this.samples[0].at < now - WINDOW_MS) this.samples.shift();
  }

  get text() {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    const ms = first ? last.at - first.at : 0;
    if (ms < MIN_WINDOW_MS || last.done <= first.done) return "";
    const perSecond = (last.done - first.done) / (ms / 1000);
    const rate =
      perSecond >= 1
        ? `${number(Math.round(perSecond))} conversations per second`
        : `${number(Math.max(1, Math.round(60 * perSecond)))} conversations per minute`;
    const left = last.total === first.total ? (last.total - last.done) / perSecond : 0;
    return left > 0 ? `about ${formatDuration(left)} left, ${rate}` : rate;
  }
}

export function formatDuration(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}
