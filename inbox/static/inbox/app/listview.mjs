// Draws the rows in sight. The page holds some forty of them, however many are loaded.

import { whenStale } from "./changes.mjs";
import { button, byId, fill } from "./dom.mjs";
import { load, loadMore, refresh, tryMoreAgain } from "./listing.mjs";
import { markRow, pageTold, rowElement } from "./rowview.mjs";
import { select } from "./selection.mjs";
import { go, set, state, watch } from "./state.mjs";
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
  watch("list open cursor selection isAll pages filter", draw);
  watch("filter", () => comeBack(history.state));
  watch("open", rememberSoon);
  whenStale(() => refresh(firstInSight()));
}

// At the place where it was left, if this address was shown before.
async function comeBack(place) {
  if (await load({ count: place?.count })) scroller.scrollTop = place?.top ?? 0;
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
  const { list } = state;
  if (list.status === "ready") history.replaceState({ top: scroller.scrollTop, count: list.rows.length }, "");
}

const firstInSight = () => Math.floor(scroller.scrollTop / rowHeight);

const sight = (count) => ({ top: scroller.scrollTop, height: scroller.clientHeight, rowHeight, count });

function draw() {
  isDue = false;
  const { list } = state;
  keepPlace(list.rows);
  rows.style.height = `${list.rows.length * rowHeight}px`;
  const { first, last } = inSight(sight(list.rows.length));
  const wanted = list.rows.slice(first, last);
  const focused = document.activeElement?.closest("#rows li")?.dataset.id;
  leaveOut(new Set(wanted.map(({ id }) => id)));
  const tabbed = (wanted.find(({ id }) => id === state.cursor) ?? list.rows[firstInSight()])?.id; // by the Tab key
  inOrder(wanted.map((row, at) => placed(row, first + at, tabbed)));
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

function placed(row, index, tabbed) {
  const { open, cursor, selection, isAll, filter, list } = state;
  const key = [row, filter, pageTold(row)];
  const known = drawn.get(row.id);
  const element = known && key.every((part, at) => part === known.key[at]) ? known.element : rowElement(row, key[2]);
  if (known && known.element !== element) known.element.replaceWith(element);
  drawn.set(row.id, { element, key });
  markRow(element, { isOpen: open === row.id, isTabbed: row.id === tabbed, isSelected: isAll || selection.has(row.id), index, count: list.rows.length });
  element.style.transform = `translateY(${index * rowHeight}px)`;
  if (row.id === (cursor ?? list.rows[0].id)) cursorAt = index;
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
  fill(foot, words, moreError && button("Try again", tryMoreAgain, "link"));
}

// -- what is done with a row
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
  if (id && state.cursor !== id) set({ cursor: id });
}

/** Moves the keyboard's row by so many, and the focus with it. */
export function moveCursor(step) {
  const { list, cursor, open } = state;
  if (!list.rows.length) return;
  const at = list.rows.findIndex(({ id }) => id === (cursor ?? open));
  const was = at < 0 ? cursorAt - Number(step > 0) : at;
  const index = Math.min(list.rows.length - 1, Math.max(0, was + step));
  set({ cursor: list.rows[index].id });
  scroller.scrollTop = topFor({ index, top: scroller.scrollTop, height: scroller.clientHeight, rowHeight });
  draw();
  drawn.get(list.rows[index].id)?.element.querySelector("a").focus({ preventScroll: true });
}
