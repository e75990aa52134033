// Computes the rate and the remaining time of a sync from the states of its run.

const WINDOW_MS = 30_000;
const MIN_INTERVAL_MS = 1000;

/** Adds a state of the run at time `at` to its samples, [{run, at, done}], and drops those of other runs and old ones. */
export function addSample(samples, state, at) {
  const sample = { run: state.run, at, done: state.synced + state.skipped };
  const recent = samples.filter((other) => other.run === sample.run && at - other.at < WINDOW_MS);
  return [...recent, sample];
}

/** Conversations per second; null if unknown. */
export function rateOf(samples) {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || last.at - first.at < MIN_INTERVAL_MS || last.done <= first.done) return null;
  return (1000 * (last.done - first.done)) / (last.at - first.at);
}

/** Seconds until all known conversations are done; null if unknown. */
export function secondsLeft(samples, state) {
  const rate = rateOf(samples);
  const remaining = state.total - state.synced - state.skipped;
  return rate && remaining > 0 ? Math.ceil(remaining / rate) : null;
}
