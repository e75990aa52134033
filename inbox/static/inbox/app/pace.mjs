// How fast a sync is and how long it will take, from the states that were told of it.

const LOOKED_BACK_MS = 30_000;

/** The samples of one run, with this state as the newest: [{run, at, done}], the old ones forgotten. */
export function sampled(samples, state, at) {
  const sample = { run: state.run, at, done: state.synced + state.skipped };
  const kept = samples.filter((other) => other.run === sample.run && at - other.at < LOOKED_BACK_MS);
  return [...kept, sample];
}

/** Conversations a second; null while nobody can tell. */
export function rate(samples) {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || last.at - first.at < 1000 || last.done <= first.done) return null;
  return (1000 * (last.done - first.done)) / (last.at - first.at);
}

/** Seconds until all that is known of is done; null while nobody can tell. */
export function secondsLeft(samples, state) {
  const speed = rate(samples);
  const left = state.total - state.synced - state.skipped;
  return speed && left > 0 ? Math.ceil(left / speed) : null;
}
