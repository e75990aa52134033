// Which rows of a long list are drawn: only those in sight, and a few around them. Heights in pixels.

export const AROUND = 8;

/** {first, last}: draw from `first` up to, not including, `last`. */
export function inSight({ top, height, rowHeight, count }) {
  const first = Math.max(0, Math.floor(top / rowHeight) - AROUND);
  const last = Math.min(count, Math.ceil((top + height) / rowHeight) + AROUND);
  return { first: Math.min(first, last), last };
}

/** Where to scroll that this row is whole in sight; where it is already, nowhere. */
export function topFor({ index, top, height, rowHeight }) {
  const above = index * rowHeight;
  if (above < top) return above;
  return above + rowHeight > top + height ? above + rowHeight - height : top;
}

/** Is the end of what is loaded near, so that more should be asked for? */
export function isNearEnd({ top, height, rowHeight, count }) {
  return top + 3 * height > count * rowHeight;
}
