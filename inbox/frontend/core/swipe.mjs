// Swiping a row to its side on a touch screen.

const START_PX = 12; // from there on it is a swipe, and no tap
const DONE_PART = 0.3; // of the width of the row
const GLIDE = "--swipe";

/** @type {{element: HTMLElement, x: number, y: number, isSwiping: boolean} | null} */
let current = null;
let isClickSwallowed = false;

addEventListener(
	"click",
	(event) => {
		if (isClickSwallowed) event.preventDefault();
		if (isClickSwallowed) event.stopPropagation();
		isClickSwallowed = false;
	},
	true,
);

addEventListener(
	"pointerdown",
	() => {
		isClickSwallowed = false;
	},
	true,
);

/**
 * Handlers of an element that is swiped: its contents follow the finger by the custom property --swipe. The browser
 * scrolls upwards and downwards as ever (`touch-action: pan-y`).
 * @param {() => void} onSwipe
 */
export function swipeHandlers(onSwipe) {
	return {
		/** @param {PointerEvent} event */
		onpointerdown({ pointerType, isPrimary, clientX: x, clientY: y, currentTarget }) {
			if (pointerType !== "touch" || !isPrimary) return;
			current = { element: /** @type {HTMLElement} */ (currentTarget), x, y, isSwiping: false };
		},
		/** @param {PointerEvent} event */
		onpointermove({ clientX, clientY }) {
			if (!current) return;
			const [x, y] = [clientX - current.x, clientY - current.y];
			if (!current.isSwiping && Math.abs(x) < START_PX) return;
			if (!current.isSwiping && Math.abs(y) > Math.abs(x)) return end();
			current.isSwiping = true;
			current.element.classList.add("swiping");
			current.element.style.setProperty(GLIDE, `${Math.round(x)}px`);
		},
		/** @param {PointerEvent} event */
		onpointerup({ clientX }) {
			if (!current) return;
			const { element, x, isSwiping } = current;
			const isFar = Math.abs(clientX - x) > DONE_PART * element.clientWidth;
			end();
			isClickSwallowed = isSwiping;
			if (isSwiping && isFar) onSwipe();
		},
		onpointercancel: end,
	};
}

function end() {
	current?.element.classList.remove("swiping");
	current?.element.style.removeProperty(GLIDE);
	current = null;
}
