// Rows of conversations in the list's order: newest first, ties by higher id, those without a time last.

export function compare(one, other) {
  const [a, b] = [timeOf(one), timeOf(other)];
  return a === b ? other.id - one.id : b - a;
}

function timeOf({ last_message_time: time }) {
  return time === null ? -Infinity : Date.parse(time);
}

/**
 * The rows after a part of them was read anew. `from`: the row at which the part begins (null: the head);
 * `isEnd`: nothing follows the part. What lies in the part's reach and is not in it is gone.
 */
export function merged(rows, part, { from = null, isEnd = false } = {}) {
  const read = new Set(part.map(({ id }) => id));
  const last = part.at(-1);
  const isAbove = (row) => from !== null && timeOf(row) > timeOf(from);
  const isBelow = (row) => !isEnd && last !== undefined && compare(row, last) > 0;
  const others = rows.filter((row) => !read.has(row.id));
  return [...others.filter(isAbove), ...part, ...others.filter((row) => !isAbove(row) && isBelow(row))];
}

/** Does the head that was read anew reach rows that are as they were? Else some between them would be missing. */
export function meets(rows, head) {
  const times = new Map(rows.map((row) => [row.id, timeOf(row)]));
  return head.some((row) => times.get(row.id) === timeOf(row));
}

/** Further rows at the end, without those that are there already. */
export function appended(rows, part) {
  const known = new Set(rows.map(({ id }) => id));
  return [...rows, ...part.filter(({ id }) => !known.has(id))];
}

/** The ids from one row to another, both included; the other alone where the one is gone. */
export function between(rows, fromId, toId) {
  const [a, b] = [fromId, toId].map((id) => rows.findIndex((row) => row.id === id));
  if (b < 0) return [];
  const [first, last] = a < 0 ? [b, b] : [Math.min(a, b), Math.max(a, b)];
  return rows.slice(first, last + 1).map(({ id }) => id);
}
