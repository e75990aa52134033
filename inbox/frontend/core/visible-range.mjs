// Decides which rows of a long list are drawn: the visible ones and a few around them. Heights are in pixels.

/** @typedef {{top: number, height: number, rowHeight: number, count: number}} Viewport `count`: of all rows */

export const OVERSCAN = 8;

/** {first, last}: draw from `first` up to, not including, `last`. @param {Viewport} viewport */
export function visibleRange({ top, height, rowHeight, count }) {
	const first = Math.max(0, Math.floor(top / rowHeight) - OVERSCAN);
	const last = Math.min(count, Math.ceil((top + height) / rowHeight) + OVERSCAN);
	return { first: Math.min(first, last), last };
}

/**
 * The scroll position at which a row is completely visible; the current one if it already is.
 * @param {{index: number, top: number, height: number, rowHeight: number}} row
 */
export function scrollTopFor({ index, top, height, rowHeight }) {
	const rowTop = index * rowHeight;
	if (rowTop < top) return rowTop;
	return rowTop + rowHeight > top + height ? rowTop + rowHeight - height : top;
}

/** Is the beginning of the loaded rows near? @param {Viewport} viewport */
export const isNearStart = ({ top, height }) => top < 2 * height;

/** Is the end of the loaded rows near, so that more should be loaded? @param {Viewport} viewport */
export function isNearEnd({ top, height, rowHeight, count }) {
	return top + 3 * height > count * rowHeight;
}
