// Elements. Whatever is shown goes in as text: there is no way from here to HTML.

const SVG = "http://www.w3.org/2000/svg";

/** Properties: `class`, `on…` (a listener), `data` and `css` (objects), attributes; null and false: none. */
export function h(tag, properties, ...children) {
  return filled(document.createElement(tag), properties, children);
}

export function svg(tag, properties, ...children) {
  return filled(document.createElementNS(SVG, tag), properties, children);
}

function filled(element, properties, children) {
  for (const [name, value] of Object.entries(properties ?? {})) assign(element, name, value);
  element.append(...children.flat(Infinity).filter(isShown));
  return element;
}

function assign(element, name, value) {
  if (!isShown(value)) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "data") Object.assign(element.dataset, value);
  else if (name === "css") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, text);
  else element.setAttribute(name, value === true ? "" : value);
}

const isShown = (child) => child !== null && child !== undefined && child !== false;
const REACHABLE = "a[href], button, input, select";

/** Puts these in place of what is there. Where the focus was inside, it stays at the same place. */
export function fill(element, ...children) {
  const before = [...element.querySelectorAll(REACHABLE)].indexOf(document.activeElement);
  element.replaceChildren(...children.flat(Infinity).filter(isShown));
  if (before >= 0) element.querySelectorAll(REACHABLE)[before]?.focus({ preventScroll: true });
}

const sheets = {};

/** The style of a part that comes later; resolves when it is there. */
export function styled(name) {
  const href = new URL(`./later/${name}.css`, import.meta.url).href;
  sheets[name] ??= new Promise((resolve) => document.head.append(h("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve })));
  return sheets[name];
}

export const byId = (id) => document.getElementById(id);

const PATHS = {
  all: "M3 5h14v10H3zM3 5l7 6 7-6",
  active: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM10 6v4l3 2",
  waiting: "M6 3h8M6 17h8M7 3c0 4 6 4 6 7s-6 3-6 7M13 3c0 4-6 4-6 7s6 3 6 7",
  unread: "M3 8v7h14V8l-7-5zM3 8l7 4 7-4",
  untagged: "M3 3h6l8 8-6 6-8-8zM3 17 17 3",
  tag: "M3 3h6l8 8-6 6-8-8zM6.5 6.5h.01",
  done: "m4 10 4 4 8-9",
  view: "M5 3h10v14l-5-4-5 4z",
  search: "M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3zm4.5 10.5L17 17",
  sync: "M16 7a6.5 6.5 0 0 0-12-1M4 3v3.5h3.5M4 13a6.5 6.5 0 0 0 12 1M16 17v-3.5h-3.5",
  close: "M5 5l10 10M15 5 5 15",
  back: "M12 4 6 10l6 6",
  menu: "M3 5h14M3 10h14M3 15h14",
  filter: "M3 5h14M6 10h8M8.5 15h3",
  chart: "M3 17h14M5 14V9m5 5V4m5 10V7",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  clip: "M14 8 8.5 13.5a2 2 0 0 1-3-3L11 5a3.2 3.2 0 0 1 4.5 4.5L9.5 15.5",
};

export function icon(name) {
  return svg("svg", { viewBox: "0 0 20 20", class: "icon", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}

/** A button with an icon alone; its name is for those who hear the page, and the tooltip. */
export function iconButton(name, label, onclick, more = {}) {
  return h("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...more }, icon(name));
}

export function button(label, onclick, more = {}) {
  return h("button", { type: "button", class: "button", onclick, ...more }, label);
}

export function tagDot(tag) {
  return h("span", { class: "dot", css: { "--tag": tag.color || "#6b7280" }, "aria-hidden": "true" });
}

export function isTyping(target) {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]), textarea, select");
}
