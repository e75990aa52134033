// A pane that is read from its end, as the messages of a conversation: what comes and goes does not move what is read.

import { elementOf } from "./targets.mjs";

const AT_END_PX = 40;

/** @param {string} id the id of the element that scrolls */
export function endPane(id) {
	const pane = elementOf(id);
	return {
		/** The distance from the top, in pixels. */
		top: () => pane.scrollTop,
		/** The distance from the end, in pixels. */
		bottom: () => pane.scrollHeight - pane.scrollTop - pane.clientHeight,
		/** Is there something to scroll? */
		isFull: () => pane.scrollHeight > pane.clientHeight,
		/**
		 * Draws the contents: the first element in sight that has a `data-id` stays where it is. A pane that shows its end,
		 * or something else than before (`isOther`), shows the end; not if more follows what it has shown (`hasNewer`).
		 * @param {() => void} draw
		 */
		draw(draw, { isOther = false, hasNewer = false } = {}) {
			const isAtEnd = !hasNewer && pane.scrollHeight - pane.scrollTop - pane.clientHeight < AT_END_PX;
			const elements = /** @type {NodeListOf<HTMLElement>} */ (pane.querySelectorAll("[data-id]"));
			const first = [...elements].find((one) => one.offsetTop + one.offsetHeight > pane.scrollTop);
			const distance = first ? first.offsetTop - pane.scrollTop : 0;
			draw();
			if (isOther || isAtEnd) pane.scrollTop = pane.scrollHeight;
			else if (first?.isConnected) pane.scrollTop = first.offsetTop - distance;
		},
		/** Scrolls to the element with this `data-id`, if there is one. @param {number} dataId */
		show(dataId) {
			const element = /** @type {HTMLElement | null} */ (pane.querySelector(`[data-id="${dataId}"]`));
			if (element) pane.scrollTop = element.offsetTop - pane.clientHeight / 3;
		},
	};
}
