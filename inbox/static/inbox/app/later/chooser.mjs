// A box to type in and what fits below it: for the palette and for tags.

import { fill, h } from "../dom.mjs";
import { folded } from "../words.mjs";
import { openDialog } from "./dialog.mjs";

const SHOWN = 60;
/** Options whose words hold every word that was typed; those that begin with them first. */
export function fitting(options, typed) {
  const words = folded(typed).split(/\s+/).filter(Boolean);
  const fits = options.filter(({ label }) => words.every((word) => folded(label).includes(word)));
  const isFirst = ({ label }) => Number(!folded(label).startsWith(words[0] ?? ""));
  return fits.sort((one, other) => isFirst(one) - isFirst(other)).slice(0, SHOWN);
}

/**
 * Resolves with the option that was chosen, or null. An option: {label, symbol?, hint?, …}.
 * `further(typed)`: options that depend on what was typed.
 */
export function choose(label, options, { further = () => [], placeholder = label } = {}) {
  return openDialog(label, (close) => chooser(label, placeholder, (typed) => [...fitting(options, typed), ...further(typed)], close), "dialog.chooser");
}

function chooser(label, placeholder, find, close) {
  const list = h("ul", { role: "listbox", id: "choices", "aria-label": label });
  const none = h("p.quiet.hint", { role: "status" });
  const box = h("input", { type: "text", role: "combobox", "aria-label": label, placeholder, "aria-controls": "choices", "aria-expanded": "true", "aria-autocomplete": "list", autocomplete: "off", autofocus: true });
  let [found, at] = [[], 0];

  function draw() {
    fill(list, found.map((option, index) => shown(option, index, index === at, () => close(option))));
    none.textContent = found.length ? "" : "Nothing fits.";
    if (found.length) box.setAttribute("aria-activedescendant", `choice-${at}`);
    else box.removeAttribute("aria-activedescendant");
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  function look() {
    [found, at] = [find(box.value.trim()), 0];
    draw();
  }

  box.addEventListener("input", look);
  box.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step && event.key !== "Enter") return;
    event.preventDefault();
    if (!step) return void (found[at] && close(found[at]));
    at = (at + step + found.length) % (found.length || 1);
    draw();
  });
  look();
  return [box, list, none];
}

function shown({ label, symbol, hint }, index, isHere, onclick) {
  return h("li", { role: "option", id: `choice-${index}`, "aria-selected": String(isHere), onclick }, symbol?.cloneNode(true), h("span.entry-name", label), hint && h("span.quiet", hint));
}
