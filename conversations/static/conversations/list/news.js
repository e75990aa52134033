// What a sync brought while one looks: how many of this very list are new, and a button that shows them.
// Whoever looks again after the tab was hidden is told what was missed.

import { onOpen, onProgress } from "../stream.js";
import { list, show } from "./results.js";

const ASK_MS = 2000; // at most so often
const box = document.getElementById("inbox-news");
let asking;

function askSoon() {
  asking ??= setTimeout(askNow, ASK_MS);
}

async function askNow() {
  asking = undefined;
  const { news, mark } = list().dataset;
  const question = new URLSearchParams(location.search);
  question.set("after", mark);
  try {
    const told = await (await fetch(`${news}?${question}`)).json();
    if (mark === list().dataset.mark) offer(told); // else another list is shown by now
  } catch {
    // Nobody waits for this: the next word of a sync asks again.
  }
}

function offer({ new: number, many }) {
  if (!number) return box.replaceChildren();
  const words = `${number.toLocaleString("en")}${many ? " or more" : ""} new`;
  const button = box.querySelector("button") ?? document.createElement("button");
  button.type = "button";
  button.textContent = `${words}, show`;
  button.onclick = showThem;
  if (!button.isConnected) box.replaceChildren(button);
}

async function showThem() {
  const first = new URL(location.href);
  first.searchParams.delete("p");
  history.replaceState({}, "", first);
  await show(first.href);
  document.querySelector("#result_list th a")?.focus();
}

onOpen(askSoon);
onProgress(({ page_id: page }) => [undefined, "", page].includes(list().dataset.page) && askSoon());
addEventListener("inbox:shown", () => box.replaceChildren());
