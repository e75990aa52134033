// The texts of the scripts. A text is its own English; the page loads a catalogue before the modules if the reader has
// another language (inbox/web/texts.py), and it puts its functions into `django`.
//
// A text is a whole sentence with named placeholders: gettext("Delete the view “%(name)s”?", { name }).

/** @typedef {Record<string, any>} Values of the placeholders, by name */
/** @typedef {{gettext: (text: string) => string, ngettext: (one: string, many: string, count: number) => string}} Catalogue */

const PLACEHOLDER = /%\((\w+)\)s/;

/**
 * It may come later than this module: the admin loads one of its own. Its pages without one have a `django` with jQuery.
 * @returns {Catalogue | undefined}
 */
const catalogue = () => {
	const { django } = /** @type {any} */ (globalThis);
	return django?.gettext && django;
};

/** @param {string} text @param {Values} [values] */
export const gettext = (text, values) => filled(catalogue()?.gettext(text) ?? text, values);

/** The text for one thing or for several. @param {string} one @param {string} many @param {number} count @param {Values} [values] */
export const ngettext = (one, many, count, values) =>
	filled(catalogue()?.ngettext(one, many, count) ?? (count === 1 ? one : many), values);

/** A text whose values may be elements, as a list of children. @param {string} text @param {Values} values */
export const gettextParts = (text, values) =>
	gettext(text)
		.split(PLACEHOLDER)
		.map((part, index) => (index % 2 ? values[part] : part)) // the names are captured
		.filter((part) => part !== "");

/** @param {string} text @param {Values} [values] */
const filled = (text, values) =>
	values ? text.replaceAll(new RegExp(PLACEHOLDER, "g"), (_, name) => String(values[name])) : text;
