// Shows how many conversations of the current list have new messages, with a button that loads them.
// A tab that was hidden asks again as soon as it is visible.

import { onOpen, onProgress } from "../event-stream.js";
import { list, show } from "./results.js";

const INTERVAL_MS = 2000; // the shortest time between two requests
const box = document.getElementById("inbox-new-messages");
let timer;

function requestSoon() {
  if (timer === undefined) timer = setTimeout(request, INTERVAL_MS);
}

async function request() {
  timer = undefined;
  const { newMessages, mark } = list().dataset;
  const parameters = new URLSearchParams(location.search);
  parameters.set("after", mark);
  try {
    const result = await (await fetch(`${newMessages}?${parameters}`)).json();
    if (mark === list().dataset.mark) offer(result); // else another list is shown by now
  } catch {
    // No error is shown: the next event of a sync asks again.
  }
}

function offer({ new: number, many }) {
  if (!number) return box.replaceChildren();
  const button = box.querySelector("button") ?? document.createElement("button");
  button.type = "button";
  button.textContent = `Show ${number.toLocaleString("en")}${many ? " or more" : ""} new`;
  button.onclick = showNewest;
  if (!button.isConnected) box.replaceChildren(button);
}

async function showNewest() {
  const firstPage = new URL(location.href);
  firstPage.searchParams.delete("p");
  history.replaceState({}, "", firstPage);
  await show(firstPage.href);
  document.querySelector("#result_list th a")?.focus();
}

onOpen(requestSoon);
onProgress(({ page_id: page }) => [undefined, "", page].includes(list().dataset.page) && requestSoon());
addEventListener("inbox:shown", () => box.replaceChildren());
