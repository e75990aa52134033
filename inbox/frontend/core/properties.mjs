// Sets the properties of elements: event handlers, classes, the contents of fields, custom CSS properties and attributes.

/** @typedef {Record<string, any>} Properties what a view says of an element: docs/frontend.md lists the names */
/** @typedef {{classes: string[], properties: Properties}} Drawn what was last said of an element */

const words = (/** @type {string} */ text) => new Set(text.split(/\s+/));
const EVENTS = words(
	"click dblclick contextmenu mousedown input change submit reset invalid keydown keyup focus blur focusin focusout scroll load error " +
		"loadedmetadata play pause ended toggle close cancel copy paste wheel pointerdown pointermove pointerup pointercancel " +
		"pointerenter pointerleave touchstart touchmove touchend touchcancel dragstart dragover dragleave dragend drop transitionend",
);
const ATTRIBUTES = words(
	"accept accept-charset action alt autocapitalize autocomplete autofocus autoplay cite colspan cols content controls crossorigin " +
		"datetime decoding dir disabled download draggable enctype enterkeyhint fetchpriority for form headers height hidden high href " +
		"hreflang id inert inputmode is kind label lang list loading loop low max maxlength media method min minlength multiple " +
		"muted name novalidate open optimum part pattern placeholder playsinline popover popovertarget poster preload readonly " +
		"referrerpolicy rel required reversed role rows rowspan scope selected shape size sizes slot span spellcheck src srclang " +
		"srcset start step summary tabindex target title translate type usemap value width wrap " +
		"cx cy d fill offset opacity points preserveAspectRatio r rx ry stroke stroke-width transform viewBox x x1 x2 y y1 y2",
);
const AS_HTML = words("innerHTML outerHTML srcdoc style textContent");

// On the element itself: maps of many elements would make the collection of garbage slow.
const DRAWN = Symbol("drawn");
const HANDLERS = Symbol("handlers");

/** What was last said of this node; undefined if it is not an element of ours. @param {any} node @returns {Drawn | undefined} */
export const drawnOf = (node) => node[DRAWN];

/**
 * Makes these the properties of an element. Those that a view said before, and no longer says, end.
 * @param {Element} element
 * @param {string[]} classes @param {Properties} properties
 */
export function setProperties(element, classes, properties) {
	const before = drawnOf(element);
	for (const name of Object.keys(properties)) check(element, name, properties[name]);
	setClasses(element, before ? classesOf(before) : [], classesOf({ classes, properties }));
	for (const name of Object.keys(before?.properties ?? {}))
		if (!(name in properties)) setProperty(element, name, undefined, before?.properties[name]);
	for (const name of Object.keys(properties))
		setProperty(element, name, properties[name], before?.properties[name]);
	Object.assign(element, { [DRAWN]: { classes, properties } });
}

/**
 * Sets these properties of an element; others stay.
 * @param {Element} element @param {Properties} properties
 */
export function addProperties(element, properties) {
	const { classes, properties: before } = drawnOf(element) ?? { classes: [], properties: {} };
	const both = { ...before, ...properties };
	if (before.class) both.class = { ...before.class, ...properties.class };
	setProperties(element, classes, both);
}

/** @param {Drawn} drawn */
function classesOf({ classes, properties }) {
	const chosen = Object.keys(properties.class ?? {}).filter((name) => properties.class[name]);
	return [...classes, ...chosen];
}

/** @param {Element} element @param {string[]} before @param {string[]} after */
function setClasses(element, before, after) {
	const ended = before.filter((name) => !after.includes(name));
	if (ended.length) element.classList.remove(...ended);
	if (after.length) element.classList.add(...after);
}

/** @param {Element} element @param {string} name @param {any} value @param {any} before */
function setProperty(element, name, value, before) {
	if (name === "key" || name === "class") return;
	if (isContent(element, name)) setContent(element, name, value, before);
	else if (value === before) return;
	else if (name.startsWith("on")) setHandler(element, name.slice(2), value);
	else if (name === "css")
		setCustomProperties(/** @type {HTMLElement} */ (element), value ?? {}, before ?? {});
	else if (value === undefined || value === null || value === false) element.removeAttribute(name);
	else element.setAttribute(name, value === true ? "" : String(value));
}

// -- fields: what the user has entered is not an attribute
/** @param {Element} element @param {string} name @returns {element is HTMLInputElement} */
const isContent = (element, name) =>
	(name === "value" || name === "checked") && ["INPUT", "SELECT", "TEXTAREA"].includes(element.nodeName);

// A field in which the user is keeps what is in it, unless the view has another value for it than before.
/** @param {HTMLInputElement} field @param {string} name @param {any} value @param {any} before */
function setContent(field, name, value, before) {
	const wanted = name === "checked" ? Boolean(value) : String(value ?? "");
	const isEdited = name === "value" && value === before && field === document.activeElement;
	const current = name === "checked" ? field.checked : field.value;
	if (!isEdited && current !== wanted) Object.assign(field, { [name]: wanted });
}

/** @param {HTMLElement} element @param {Record<string, string>} values @param {Record<string, string>} before */
function setCustomProperties(element, values, before) {
	for (const name of Object.keys(before)) if (!(name in values)) element.style.removeProperty(name);
	for (const [name, text] of Object.entries(values))
		if (text !== before[name]) element.style.setProperty(name, text);
}

// -- events: the browser knows one listener per element and event, so that a handler is replaced without a trace
/** @param {any} element @param {string} type @param {((event: Event) => unknown) | null} handler */
function setHandler(element, type, handler) {
	element[HANDLERS] ??= {};
	if (!(type in element[HANDLERS])) element.addEventListener(type, dispatch, { passive: type === "scroll" });
	element[HANDLERS][type] = handler || null;
}

/** @param {any} event */
const dispatch = (event) => event.currentTarget[HANDLERS][event.type]?.(event);

// -- what a view must not say
/** @param {Element} element @param {string} name @param {any} value */
function check(element, name, value) {
	const problem = problemOf(name, value);
	if (problem) throw new Error(`<${element.localName}>, property "${name}": ${problem}.`);
}

/** @param {string} name @param {any} value */
function problemOf(name, value) {
	if (ATTRIBUTES.has(name) || name === "key" || name.startsWith("data-")) return "";
	if (name.startsWith("aria-")) return value === true ? 'write "true", which is a text here' : "";
	if (name === "class" || name === "css") return value?.constructor === Object ? "" : "it needs an object";
	if (name === "checked") return "";
	if (AS_HTML.has(name))
		return "contents are children, and styles are classes or css: nothing is read as HTML";
	if (!EVENTS.has(name.replace(/^on/, "")) || !name.startsWith("on")) return "there is none of this name";
	return value && typeof value !== "function" ? "it needs a function" : "";
}
