// Brings the children of an element up to date: what stands for the same as before is kept, with its focus and scroll.

import { drawnOf, setProperties } from "./properties.mjs";

/** @typedef {Node | string | number | null | undefined | false | readonly any[]} Child empty ones and "" are left out */

const OWNED = Symbol("owned"); // by a keyed list, which brings its elements up to date itself

/** @param {any} node */
const isOwned = (node) => OWNED in node;

/** A keyed list brings this element up to date: no other stands for it. @template {Node} Some @param {Some} element */
export const own = (element) => Object.assign(element, { [OWNED]: true });

/**
 * The nodes that these children are.
 * @param {Child[]} children @returns {Node[]}
 */
export function nodesOf(children) {
	return /** @type {any[]} */ (children).flat(Infinity).filter(isPresent).map(nodeOf);
}

const isPresent = (/** @type {Child} */ child) =>
	child !== null && child !== undefined && child !== false && child !== "";

/** Like `nodesOf`, for the children of a new element. @param {Child[]} children */
export function nodesInside(children) {
	const nodes = nodesOf(children);
	if (!nodes.some((node) => node.isConnected && isOwned(node))) return nodes;
	throw new Error("An element of a keyed list is on the page already: give the list to fill, not to h.");
}

/** @param {any} child @returns {Node} */
function nodeOf(child) {
	if (child instanceof Node) return child;
	if (typeof child === "string" || typeof child === "number") return document.createTextNode(String(child));
	throw new Error(
		`A child is ${describe(child)}: it must be a text, a number, an element or a list of these.`,
	);
}

const describe = (/** @type {any} */ child) =>
	typeof child === "object" ? `an object with ${Object.keys(child).join(", ")}` : String(child);

/**
 * Makes these nodes the children. An element stands for one that is there already if it has the same name and the same
 * `key` (or `id`); without a key, if it is the next one of that name. Then the old element gets the new properties.
 * @param {Element} parent @param {Node[]} nodes
 */
export function setChildren(parent, nodes) {
	const children = match(parent, nodes);
	const kept = new Set(children);
	if (kept.size < children.length) throw new Error(`<${parent.localName}>: the same element is there twice.`);
	for (const old of [...parent.childNodes]) if (!kept.has(old)) old.remove();
	arrange(parent, children);
}

/** @param {Element} parent @param {Node[]} nodes @returns {ChildNode[]} */
function match(parent, nodes) {
	const given = new Set(nodes);
	const others = [...parent.childNodes].filter((old) => !given.has(old) && !isOwned(old));
	const byKey = new Map(others.map((old) => [keyOf(old), old]));
	const unkeyed = others.filter((old) => keyOf(old) === undefined);
	const keys = new Set();
	let position = 0;
	return /** @type {ChildNode[]} */ (nodes).map((node) => {
		const key = keyOf(node);
		if (key !== undefined && keys.size === keys.add(key).size) throw twice(parent, key);
		if (node.parentNode === parent || isOwned(node)) return node;
		if (key !== undefined) return merge(byKey.get(key), node);
		const index = unkeyed.findIndex((old, place) => place >= position && isAlike(old, node));
		if (index < 0) return node;
		position = index + 1;
		return merge(unkeyed[index], node);
	});
}

/** @param {Element} parent @param {unknown} key */
const twice = (parent, key) => new Error(`<${parent.localName}>: two children have the key "${key}".`);

/** @param {Node} node */
function keyOf(node) {
	const properties = drawnOf(node)?.properties;
	return properties?.key ?? properties?.id;
}

/** @param {Node} old @param {Node} node */
const isAlike = (old, node) =>
	old.nodeName === node.nodeName && (old.nodeType === Node.TEXT_NODE || Boolean(drawnOf(old)));

/**
 * The old node, brought up to date with a new one that stands for the same; else the new one.
 * @template {ChildNode} Some
 * @param {Some | undefined} old @param {Some} node
 */
export function merge(old, node) {
	if (!old || !isAlike(old, node)) return node;
	const said = drawnOf(node);
	if (old instanceof Text) {
		if (old.data !== node.nodeValue) old.data = node.nodeValue ?? "";
	} else if (old instanceof Element && said) {
		setChildren(old, [...node.childNodes]);
		setProperties(old, said.classes, said.properties);
	}
	return old;
}

// The element with the focus stays where it is, and the others move around it: what is moved loses the focus.
/** @param {Element} parent @param {ChildNode[]} children */
function arrange(parent, children) {
	const active = document.activeElement;
	const focused = parent.contains(active) && children.find((child) => child.contains(active));
	let next = parent.firstChild;
	for (const child of children) {
		if (child === next || child === focused) next = child.nextSibling;
		else parent.insertBefore(child, next);
	}
}
