// Lists of which only those items are drawn again that show something else than before.

import { merge, own } from "./children.mjs";

/** @typedef {Record<string, any>} Shown all that the element of an item shows, by name */

/**
 * Returns a function that returns the elements of items, to be given to `fill` directly. `key(item)`: what makes it the
 * same item; `shows(item)`: all that its element shows; `draw(shown)`: the element, for which nothing else is looked at.
 * @template Item
 * @param {{key: (item: Item) => unknown, shows: (item: Item) => Shown, draw: (shown: any) => HTMLElement}} list
 * @returns {(items: Item[]) => HTMLElement[]}
 */
export function keyedList({ key, shows, draw }) {
	/** @type {Map<unknown, {shown: Shown, element: HTMLElement}>} */
	let drawn = new Map();
	return (items) => {
		const before = drawn;
		drawn = new Map(items.map((item) => [key(item), current(before.get(key(item)), shows(item), draw)]));
		if (drawn.size < items.length) throw new Error("A list has two items with the same key.");
		return [...drawn.values()].map(({ element }) => element);
	};
}

/**
 * @param {{shown: Shown, element: HTMLElement} | undefined} before
 * @param {Shown} shown @param {(shown: Shown) => HTMLElement} draw
 */
function current(before, shown, draw) {
	if (before && isSame(before.shown, shown)) return before;
	return { shown, element: own(merge(before?.element, draw(shown))) };
}

/** @param {Shown} before @param {Shown} after */
const isSame = (before, after) => Object.keys(after).every((name) => Object.is(before[name], after[name]));
