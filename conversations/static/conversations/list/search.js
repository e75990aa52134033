// Search as one types. The address follows, once for what is typed without a longer pause; back goes back.

import { show } from "./results.js";

const PAUSE_MS = 300;
const NEW_STEP_MS = 3000;
const input = document.getElementById("searchbar");
let waiting, lastTyped = 0;

function address() {
  const found = new URL(location.href);
  const term = input.value.trim();
  found.searchParams.delete("p");
  term ? found.searchParams.set("q", term) : found.searchParams.delete("q");
  return found.href;
}

function search() {
  clearTimeout(waiting);
  const wanted = address();
  if (wanted === location.href) return;
  const isNewStep = Date.now() - lastTyped > NEW_STEP_MS;
  lastTyped = Date.now();
  history[isNewStep ? "pushState" : "replaceState"]({}, "", wanted);
  show(wanted);
}

input.addEventListener("input", (event) => {
  clearTimeout(waiting);
  if (!event.isComposing) waiting = setTimeout(search, PAUSE_MS); // half a letter is no search
});
input.addEventListener("compositionend", () => (waiting = setTimeout(search, PAUSE_MS)));
input.form.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
addEventListener("popstate", () => {
  clearTimeout(waiting);
  input.value = new URL(location.href).searchParams.get("q") ?? "";
  lastTyped = 0;
  show(location.href);
});
input.setAttribute("aria-label", "Search conversations");
