// The list under another address, put in the place of what is shown. What one types into stays as it is.

const PARTS = ["inbox-quick", "changelist-form", "inbox-pages", "inbox-save"];
const input = document.getElementById("searchbar");
let latest = new AbortController();

export const list = () => document.getElementById("inbox-list");
export const filterOf = () => JSON.parse(document.getElementById("inbox-filter").textContent);

export const refresh = () => show(location.href);

export async function show(address) {
  latest.abort(); // an older answer must not come after a newer one
  latest = new AbortController();
  document.getElementById("changelist-form").classList.add("inbox-busy");
  try {
    const answer = await fetch(address, { signal: latest.signal });
    const shown = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!shown.getElementById("inbox-list")) throw new Error("not the list"); // somebody logged out, say
    replace(shown);
  } catch (error) {
    if (error.name !== "AbortError") location.assign(address); // the browser shows what is wrong
  }
}

function replace(shown) {
  for (const id of PARTS) document.getElementById(id).replaceWith(shown.getElementById(id));
  markViews(shown);
  keepInFilters();
  const boxes = document.querySelectorAll("tr input.action-select");
  // The admin's own script, for the boxes that are new.
  if (boxes.length) window.Actions(boxes, { parent: boxes[0].closest(".result-list-wrapper") });
  document.getElementById("inbox-count").textContent = list().dataset.said;
  dispatchEvent(new Event("inbox:shown"));
}

function markViews(shown) {
  const links = (of) => of.querySelectorAll("#nav-sidebar-apps a");
  const others = links(shown);
  links(document).forEach((link, number) => (link.className = others[number]?.className ?? link.className));
  nameCurrent();
}

export function nameCurrent() {
  for (const link of document.querySelectorAll("#nav-sidebar-apps a")) {
    link.classList.contains("active") ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
  }
}

// The form of the filters keeps what is searched for.
function keepInFilters() {
  const form = document.getElementById("filter-form");
  const kept = form?.querySelector("input[type=hidden][name=q]") ?? document.createElement("input");
  Object.assign(kept, { type: "hidden", name: "q", value: input.value });
  form?.append(kept);
}

// The admin's listener would look for the boxes of a list that has none now.
addEventListener("pageshow", (event) => document.getElementById("action-toggle") || event.stopImmediatePropagation(), true);
