// Draws the rows in sight. The page holds some forty of them, however many are loaded.

import { byId, h } from "./dom.mjs";
import { load, loadMore, tryMoreAgain } from "./listing.mjs";
import { markRow, rowElement } from "./rowview.mjs";
import { select } from "./selection.mjs";
import { go, store } from "./state.mjs";
import { whenChanged } from "./store.mjs";
import { inSight, isNearEnd, topFor } from "./window.mjs";

const ROW_REM = 5.5;
const REMEMBER_MS = 200;

const scroller = byId("scroller");
const rows = byId("rows");
const foot = byId("foot");
const drawn = new Map(); // id → {element, key}
let rowHeight = 88;
let isDue = false;
let before = { at: 0, first: null };
let cursorAt = 0; // where it was, should its row leave the list

export function startList() {
  measure();
  addEventListener("resize", () => (measure(), draw()));
  scroller.addEventListener("scroll", later, { passive: true });
  rows.addEventListener("click", clicked);
  rows.addEventListener("focusin", ({ target }) => setCursor(Number(target.closest("li")?.dataset.id)));
  store.subscribe(whenChanged(({ list, open, cursor, selection, isAll, pages, filter }) => [list, open, cursor, selection, isAll, pages, filter], draw));
  store.subscribe(whenChanged(({ filter }) => [filter], () => comeBack(history.state)));
  store.subscribe(whenChanged(({ open }) => [open], rememberSoon));
}

// At the place where it was left, if this address was shown before.
async function comeBack(place) {
  await load({ count: place?.count });
  scroller.scrollTop = place?.top ?? 0;
}

function measure() {
  rowHeight = Math.round(ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize));
  rows.style.setProperty("--row", `${rowHeight}px`);
}

function later() {
  if (!isDue) requestAnimationFrame(draw);
  isDue = true;
  rememberSoon();
}

function rememberSoon() {
  clearTimeout(rememberSoon.timer);
  rememberSoon.timer = setTimeout(remember, REMEMBER_MS);
}

function remember() {
  const { list } = store.get();
  if (list.status === "ready") history.replaceState({ top: scroller.scrollTop, count: list.rows.length }, "");
}

export const firstInSight = () => Math.floor(scroller.scrollTop / rowHeight);

const sight = (count) => ({ top: scroller.scrollTop, height: scroller.clientHeight, rowHeight, count });

function draw() {
  isDue = false;
  const { list } = store.get();
  keepPlace(list.rows);
  rows.style.height = `${list.rows.length * rowHeight}px`;
  const { first, last } = inSight(sight(list.rows.length));
  const wanted = list.rows.slice(first, last);
  const focused = document.activeElement?.closest("#rows li")?.dataset.id;
  leaveOut(new Set(wanted.map(({ id }) => id)));
  inOrder(wanted.map((row, at) => placed(row, first + at, list.rows.length)));
  keepFocus(Number(focused));
  drawFoot(list);
  if (isNearEnd(sight(list.rows.length))) loadMore();
}

// What came in above pushes down what is read: not for the eye.
function keepPlace(all) {
  if (scroller.scrollTop > 0 && before.first !== null && all[before.at]?.id !== before.first) {
    const now = all.findIndex(({ id }) => id === before.first);
    if (now >= 0) {
      rows.style.height = `${all.length * rowHeight}px`;
      scroller.scrollTop += (now - before.at) * rowHeight;
    }
  }
  const at = firstInSight();
  before = { at, first: all[at]?.id ?? null };
}

function leaveOut(wanted) {
  for (const [id, { element }] of drawn) {
    if (wanted.has(id)) continue;
    element.remove();
    drawn.delete(id);
  }
}

function placed(row, index, count) {
  const { open, cursor, selection, isAll, pages, filter, list } = store.get();
  const isCursor = (cursor ?? list.rows[0].id) === row.id;
  const key = [row, pages, filter];
  const known = drawn.get(row.id);
  const element = known && key.every((part, at) => part === known.key[at]) ? known.element : rowElement(row);
  if (known && known.element !== element) known.element.replaceWith(element);
  drawn.set(row.id, { element, key });
  markRow(element, { isOpen: open === row.id, isCursor, isSelected: isAll || selection.has(row.id), index, count });
  element.style.transform = `translateY(${index * rowHeight}px)`;
  if (isCursor) cursorAt = index;
  return element;
}

// Those that are there already stay where they are: what is moved loses the focus.
function inOrder(elements) {
  let next = rows.firstElementChild;
  for (const element of elements) {
    if (element === next) next = next.nextElementSibling;
    else rows.insertBefore(element, next);
  }
}

// A row that is drawn anew keeps the focus that it had.
function keepFocus(id) {
  if (!id || document.activeElement?.closest("#rows")) return;
  const link = drawn.get(id)?.element.querySelector("a") ?? scroller;
  link.focus({ preventScroll: true });
}

function drawFoot({ status, rows: all, next, isMore, moreError }) {
  const words = moreError ? moreError.message : isMore || next ? "Loading more …" : "That is all.";
  foot.hidden = status !== "ready" || !all.length;
  foot.replaceChildren(words, ...(moreError ? [" ", h("button", { type: "button", class: "link", onclick: tryMoreAgain }, "Try again")] : []));
}

// -- what is done with a row -------------------------------------------------------------------------------------
function clicked(event) {
  const id = Number(event.target.closest("li")?.dataset.id);
  if (!id) return;
  const isBox = event.target.matches("input");
  if (isBox || event.shiftKey) {
    if (!isBox) event.preventDefault();
    if (isBox || !event.target.closest(".pick")) select(id, { isRange: event.shiftKey });
  } else if (event.target.closest("a") && !event.ctrlKey && !event.metaKey && !event.button) {
    event.preventDefault();
    go({ open: id });
  }
}

function setCursor(id) {
  if (id && store.get().cursor !== id) store.set({ cursor: id });
}

/** Moves the keyboard's row by so many, and the focus with it. */
export function moveCursor(step) {
  const { list, cursor, open } = store.get();
  if (!list.rows.length) return;
  const at = list.rows.findIndex(({ id }) => id === (cursor ?? open));
  const was = at < 0 ? cursorAt - Number(step > 0) : at;
  const index = Math.min(list.rows.length - 1, Math.max(0, was + step));
  store.set({ cursor: list.rows[index].id });
  scroller.scrollTop = topFor({ index, top: scroller.scrollTop, height: scroller.clientHeight, rowHeight });
  draw();
  drawn.get(list.rows[index].id)?.element.querySelector("a").focus({ preventScroll: true });
}
