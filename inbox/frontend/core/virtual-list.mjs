// A list of rows of equal height of which only the visible ones, and a few around them, are in the document.

import { setChildren } from "./children.mjs";
import { keyedList } from "./keyed-list.mjs";
import { elementOf, focus } from "./targets.mjs";
import { scrollTopFor, visibleRange } from "./visible-range.mjs";

/** @typedef {import("./keyed-list.mjs").Shown} Shown */

/**
 * @template Item
 * @typedef {object} Options
 * @property {string} scroller the id of the element that scrolls
 * @property {string} rows the id of the list in it
 * @property {() => number} rowRem the height of a row
 * @property {(item: Item) => unknown} key
 * @property {(item: Item) => unknown} stamp another one when the item has gone to another place itself
 * @property {(item: Item, drawn: Item[], top?: Item) => Shown} shows of `drawn`, `top` is the first that is in sight
 * @property {(shown: any) => HTMLElement} draw the element of a row; its position is set here
 * @property {() => void} onScroll after the rows of another position are drawn
 * @property {() => boolean} [isWhole] does the list begin with its first item, or are there others above?
 */

/** @template Item @param {Options<Item>} options */
export function virtualList({
	rowRem,
	key,
	stamp,
	shows,
	draw: drawRow,
	onScroll,
	isWhole = () => true,
	...ids
}) {
	const [scroller, list] = [elementOf(ids.scroller), elementOf(ids.rows)];
	let rowHeight = 0;
	let isDrawScheduled = false;
	/** @type {Item[]} */
	let items = [];
	/** @type {Item[]} */
	let visible = [];
	/** @type {{index: number, key: unknown, stamp: unknown}[]} what was in sight when the list was last drawn */
	let anchors = [];

	/** @type {Item | undefined} the first one of them that is in sight */
	let top;

	const drawRows = keyedList({ key, draw: drawRow, shows: (item) => shows(item, visible, top) });
	const viewport = () => ({
		top: scroller.scrollTop,
		height: scroller.clientHeight,
		rowHeight,
		count: items.length,
	});
	const firstVisible = () => Math.floor(scroller.scrollTop / rowHeight);

	/** @param {Item[]} next */
	function draw(next) {
		isDrawScheduled = false;
		items = next;
		keepPosition();
		list.style.height = `${items.length * rowHeight}px`;
		const { first, last } = visibleRange(viewport());
		visible = items.slice(first, last);
		top = items[firstVisible()];
		const hadFocus = list.contains(document.activeElement);
		const elements = drawRows(visible);
		for (const [offset, element] of elements.entries()) setPosition(element, first + offset);
		setChildren(list, elements);
		// Its row has left the list: the keys of the list go on working.
		if (hadFocus && !list.contains(document.activeElement)) focus(scroller);
	}

	/** @param {HTMLElement} element @param {number} index */
	function setPosition(element, index) {
		element.style.transform = `translateY(${index * rowHeight}px)`;
		element.setAttribute("aria-posinset", String(index + 1));
		element.setAttribute("aria-setsize", String(items.length));
	}

	// Rows that come and go above must not move the rows that the user reads. A row that has gone to another place
	// itself is none of these.
	function keepPosition() {
		const isKept = (/** @type {typeof anchors[0]} */ anchor) => isAnchor(items[anchor.index], anchor);
		if ((scroller.scrollTop > 0 || !isWhole()) && !anchors.every(isKept)) moveWithAnchor();
		const first = firstVisible();
		const inSight = items.slice(first, first + Math.ceil(scroller.clientHeight / rowHeight));
		anchors = inSight.map((item, offset) => ({ index: first + offset, key: key(item), stamp: stamp(item) }));
	}

	/** @param {Item | undefined} item @param {typeof anchors[0]} anchor */
	const isAnchor = (item, anchor) =>
		item !== undefined && key(item) === anchor.key && stamp(item) === anchor.stamp;

	function moveWithAnchor() {
		const places = new Map(items.map((item, index) => [key(item), index]));
		const placeOf = (/** @type {typeof anchors[0]} */ anchor) => places.get(anchor.key) ?? -1;
		const anchor = anchors.find((one) => isAnchor(items[placeOf(one)], one));
		if (!anchor) return;
		const top = scroller.scrollTop + (placeOf(anchor) - anchor.index) * rowHeight;
		list.style.height = `${items.length * rowHeight}px`; // which moves what is beyond a nearer end
		scroller.scrollTop = top;
	}

	function drawAgain() {
		draw(items);
		onScroll();
	}

	function measure() {
		rowHeight = Math.round(rowRem() * parseFloat(getComputedStyle(document.documentElement).fontSize));
		list.style.setProperty("--row", `${rowHeight}px`);
	}

	function resize() {
		const first = scroller.scrollTop / (rowHeight || 1);
		measure();
		scroller.scrollTop = first * rowHeight;
		drawAgain();
	}

	measure();
	addEventListener("resize", resize);
	scroller.addEventListener(
		"scroll",
		() => {
			if (!isDrawScheduled) requestAnimationFrame(drawAgain);
			isDrawScheduled = true;
		},
		{ passive: true },
	);

	return {
		draw,
		/** After `rowRem` has changed: the same row stays at the top. */
		resize,
		firstVisible,
		viewport,
		/** @param {number} top in pixels */
		moveTo(top) {
			scroller.scrollTop = top;
		},
		/** Scrolls as little as needed to show a row completely. @param {number} index */
		reveal(index) {
			scroller.scrollTop = scrollTopFor({ index, ...viewport() });
		},
		/** Scrolls to a row if it is not completely visible, and gives the focus to its link. @param {number} index */
		focusRow(index) {
			scroller.scrollTop = scrollTopFor({ index, ...viewport() });
			draw(items);
			const element = list.querySelector(`[aria-posinset="${index + 1}"] a`);
			if (element) focus(element);
		},
	};
}
