// The popover of tags: for one row, where each box acts at once; for the selection, where it first says how many.

import { filterOf, list, refresh } from "./results.js";
import { ask } from "./server.js";
import { tell, tellFault } from "./told.js";

const BULK = "/api/conversations/bulk-tags";
const PREVIEW_MS = 250;
const popover = document.getElementById("inbox-tagger");
const part = (selector) => popover.querySelector(selector);
const boxes = () => [...popover.querySelectorAll("input[type=checkbox]")];
let row, whose, preview, opener; // row: the tags' cell of one; whose: the conversations, as the server takes them

export function start() {
  part("input[type=search]").addEventListener("input", narrow);
  popover.addEventListener("change", ({ target }) => target.type === "checkbox" && (row ? change(target) : previewSoon()));
  popover.addEventListener("toggle", ({ newState }) => newState === "closed" && (opener?.isConnected ? opener.focus() : 0));
  for (const button of popover.querySelectorAll("[data-act]")) button.addEventListener("click", () => act(button.dataset.act));
  addEventListener("inbox:shown", addButtons);
  addButtons();
}

function addButtons() {
  for (const cell of list().querySelectorAll("[data-tags]")) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "inbox-tag-row", textContent: "+" });
    button.setAttribute("aria-label", `Tags of ${cell.dataset.name}`);
    button.setAttribute("aria-haspopup", "dialog");
    button.addEventListener("click", () => openFor(button, cell));
    cell.append(button);
  }
  const many = document.getElementById("inbox-tag-selection");
  if (many) {
    many.hidden = false;
    many.addEventListener("click", () => openForSelection(many));
  }
}

// -- opening it ---------------------------------------------------------------------------------------------
function openFor(button, cell) {
  row = cell;
  whose = { conversationIds: [Number(cell.dataset.pk)] };
  const tags = new Set(cell.dataset.tags.split(","));
  for (const box of boxes()) box.checked = tags.has(box.value);
  open(button, `Tags of ${cell.dataset.name}`);
}

function openForSelection(button) {
  const chosen = [...list().querySelectorAll("input.action-select:checked")].map((box) => Number(box.value));
  const isAll = list().querySelector("input.select-across").value === "1";
  row = undefined;
  whose = isAll ? { filter: filterOf() } : { conversationIds: chosen };
  for (const box of boxes()) box.checked = false;
  const number = isAll ? list().dataset.count : chosen.length;
  open(button, isAll ? `All ${number} that match` : `${number} selected`);
  showPreview();
}

function open(button, title) {
  opener = button;
  part("#inbox-tagger-about").textContent = title;
  part("[data-say]").textContent = "";
  part("[data-many]").hidden = Boolean(row);
  part("input[type=search]").value = "";
  narrow();
  popover.showPopover();
  place(button.getBoundingClientRect());
  part("input[type=search]").focus();
}

function place(beside) {
  const left = Math.min(beside.left, innerWidth - popover.offsetWidth - 8);
  const below = beside.bottom + 4;
  const fits = below + popover.offsetHeight < innerHeight;
  popover.style.left = `${Math.max(8, left)}px`;
  popover.style.top = `${fits ? below : Math.max(8, beside.top - popover.offsetHeight - 4)}px`;
}

function narrow() {
  const wanted = part("input[type=search]").value.trim().toLocaleLowerCase();
  let shown = 0;
  for (const box of boxes()) {
    const fits = box.closest("label").textContent.toLocaleLowerCase().includes(wanted);
    box.closest("li").hidden = !fits;
    shown += fits;
  }
  part("[data-empty]").hidden = shown > 0;
}

// -- one row ------------------------------------------------------------------------------------------------
async function change(box) {
  const cell = row;
  const name = box.closest("label").textContent.trim();
  try {
    const done = await ask(BULK, { ...whose, tagIds: [Number(box.value)], action: box.checked ? "assign" : "remove" });
    redraw(cell);
    tell(`${cell.dataset.name}: ${box.checked ? "tagged" : "untagged"} ${name}.`, done.changed && done.act);
  } catch (error) {
    box.checked = !box.checked;
    tellFault(error);
  }
}

function redraw(cell) {
  const checked = boxes().filter((box) => box.checked);
  cell.dataset.tags = checked.map((box) => box.value).join(",");
  const chips = checked.flatMap((box) => [box.closest("label").querySelector(".inbox-chip").cloneNode(true), " "]);
  cell.replaceChildren(...chips, cell.querySelector("button"));
}

// -- many ---------------------------------------------------------------------------------------------------
const wanted = () => boxes().filter((box) => box.checked).map((box) => Number(box.value));

function previewSoon() {
  clearTimeout(preview);
  preview = setTimeout(showPreview, PREVIEW_MS);
}

async function showPreview() {
  const tagIds = wanted();
  const buttons = [...popover.querySelectorAll("[data-act]")];
  for (const button of buttons) button.disabled = true;
  if (!whose.filter && whose.conversationIds === undefined) return say("The filter is not understood.");
  if (!tagIds.length) return say("Choose tags to add or remove.");
  try {
    const trials = buttons.map((button) => ask(BULK, { ...whose, tagIds, action: button.dataset.act, dry_run: true }));
    const [adding, removing] = await Promise.all(trials);
    if (String(tagIds) !== String(wanted())) return; // other tags were chosen meanwhile
    const number = (count) => count.toLocaleString("en");
    say(`${number(adding.matched)} match. Adding would change ${number(adding.changed)}, removing ${number(removing.changed)}.`);
    buttons[0].disabled = !adding.changed;
    buttons[1].disabled = !removing.changed;
  } catch (error) {
    say(error.message);
  }
}

function say(words) {
  part("[data-say]").textContent = words;
}

async function act(action) {
  try {
    const done = await ask(BULK, { ...whose, tagIds: wanted(), action });
    popover.hidePopover();
    await refresh();
    tell(done.message, done.changed && done.act);
  } catch (error) {
    say(error.message);
  }
}
