// The list of runs and the page of one: cells follow the stream; what only the server can draw is fetched again.

import { moveBar } from "./live.js";
import { onOpen, onProgress } from "./stream.js";
import { done, isEnd, number, statusInWords } from "./words.js";

const EVERY_MS = 5000;

// `work` is done at most every few seconds, or at once; never twice at the same time.
function seldom(work) {
  let [last, timer, working] = [0, 0, null];
  return (isUrgent) => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      await working;
      last = Date.now();
      working = work();
    }, isUrgent ? 0 : Math.max(0, last + EVERY_MS - Date.now()));
  };
}

async function fetched(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" } });
    if (!response.ok || response.redirected) return null;
    return new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return null; // the server is away: the stream says so, and what is missing comes when it is back
  }
}

// -- one run
const page = document.querySelector("[data-run-page]");

function put(part, fresh) {
  if (part.contains(document.activeElement)) return;
  if (part.dataset.part === "progress" && !hasEndedUnseen(part, fresh)) return; // live.js keeps it current
  if (part.innerHTML === fresh.innerHTML) return;
  const open = [...part.querySelectorAll("details[open]")].map((details) => details.id);
  part.replaceChildren(...fresh.childNodes);
  for (const id of open) part.querySelector(`#${id}`)?.setAttribute("open", "");
}

function hasEndedUnseen(part, fresh) {
  const [before, now] = [part, fresh].map((where) => where.querySelector(".inbox-sync").dataset);
  return isEnd(now) && !isEnd(before);
}

const drawPage = seldom(async () => {
  const fresh = await fetched(page.dataset.parts);
  for (const part of fresh?.querySelectorAll("[data-part]") ?? []) {
    put(page.querySelector(`[data-part="${part.dataset.part}"]`), part);
  }
});

if (page) {
  onOpen(() => drawPage(true)); // it may have ended while nobody listened
  onProgress((state) => {
    if (state.run === Number(page.dataset.runPage)) drawPage(isEnd(state));
  });
}

// -- the list
const list = document.querySelector("[data-stream=all]");

function updateRow(cells, state) {
  const texts = { done: number(done(state)), inserted: number(state.inserted), eventsCreated: number(state.eventsCreated) };
  for (const cell of cells) {
    if (cell.dataset.show === "bar") {
      moveBar(cell, state);
    } else if (cell.dataset.show === "status") {
      cell.textContent = statusInWords(state.status);
      cell.dataset.status = state.status;
    } else {
      cell.textContent = texts[cell.dataset.show];
    }
  }
}

const drawList = seldom(async () => {
  const fresh = await fetched(location.href);
  const [before, now] = [document, fresh].map((where) => where?.querySelector("#result_list"));
  if (now && !before) location.reload(); // there was nothing yet
  if (now && before && !before.contains(document.activeElement)) before.replaceChildren(...now.childNodes);
});

function isNew(run) {
  const runs = [...document.querySelectorAll("#result_list [data-run]")].map((cell) => Number(cell.dataset.run));
  return run > Math.max(0, ...runs);
}

if (list) {
  onOpen(() => drawList(true));
  onProgress((state) => {
    const cells = document.querySelectorAll(`#result_list [data-run="${state.run}"]`);
    updateRow(cells, state);
    if (cells.length ? isEnd(state) : "top" in list.dataset && isNew(state.run)) drawList(true);
  });
}
