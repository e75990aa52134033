// Finds elements of the page's shell, and moves the focus and what is in sight.

/** @typedef {string | Element} Target the id of an element of the shell, or an element that the view has made */

const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex]";

/** @param {Target} target @returns {HTMLElement} */
export function elementOf(target) {
	const element = typeof target === "string" ? document.getElementById(target) : target;
	if (element instanceof Element) return /** @type {HTMLElement} */ (element);
	throw new Error(`No element of the page has the id "${target}".`);
}

/** Gives the focus to an element, without scrolling to it. @param {Target} target */
export const focus = (target) => elementOf(target).focus({ preventScroll: true });

/** Is the focus on this element, or inside it? @param {Target} target */
export const hasFocus = (target) => elementOf(target).contains(document.activeElement);

/** Takes the focus from the field in which the user is. */
export function leaveField() {
	if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

/** Scrolls as little as needed to show an element. @param {Target} target */
export const reveal = (target) => elementOf(target).scrollIntoView({ block: "nearest" });

/** What is in a field of the shell. @param {string} id */
export const contentOf = (id) => /** @type {HTMLInputElement} */ (elementOf(id)).value;

/** Is a modal dialog open? */
export const isDialogOpen = () => Boolean(document.querySelector("dialog[open]"));

/** Tells screen readers what has changed because of the user. @param {string} text */
export function announce(text) {
	elementOf("announcer").textContent = text;
}

/** @param {string} title */
export function setTitle(title) {
	document.title = title;
}

/**
 * The element around what an event happened to: `selector` as in CSS, e.g. "a"; undefined if there is none.
 * @param {Event} event @param {string} selector @returns {HTMLElement | undefined}
 */
export const around = ({ target }, selector) =>
	(target instanceof Element && /** @type {HTMLElement | null} */ (target.closest(selector))) || undefined;

/**
 * Changes the contents of an element. If the focus was on something that is there no longer, it goes to what has its place.
 * @param {Element} element @param {() => void} change
 */
export function keepFocus(element, change) {
	const before = document.activeElement;
	const place = [...element.querySelectorAll(FOCUSABLE)].indexOf(/** @type {Element} */ (before));
	change();
	if (place < 0 || document.activeElement === before) return;
	const others = /** @type {NodeListOf<HTMLElement>} */ (element.querySelectorAll(FOCUSABLE));
	(others[place] ?? others[others.length - 1])?.focus({ preventScroll: true });
}

/** Is the focus in this element, or nowhere? @param {Target} target */
export const hasFreeFocus = (target) =>
	document.activeElement === document.body || !document.activeElement || hasFocus(target);

/** Is the window so narrow that the sidebar is over the list? */
export const isSidebarOver = () => matchMedia("(max-width: 70rem)").matches;

/**
 * Writes a text where the cursor is, instead of the last `replaced` characters before it, as if the user had typed it.
 * @param {HTMLTextAreaElement} field @param {string} text @param {number} replaced
 */
export function insertText(field, text, replaced) {
	field.focus();
	field.setRangeText(text, field.selectionStart - replaced, field.selectionStart, "end");
	field.dispatchEvent(new Event("input", { bubbles: true }));
}
