// One conversation: older messages come while one scrolls up, j and k go through the list, a form says that it works.

const NEAR = "800px"; // above what is seen: so far ahead the next part is fetched

const talk = document.querySelector(".inbox-talk");
const list = talk?.querySelector("ol");
const told = talk?.querySelector("[data-told]");
const watcher = talk && new IntersectionObserver(near, { root: talk, rootMargin: `${NEAR} 0px 0px 0px` });

function near(entries) {
  const seen = entries.find((entry) => entry.isIntersecting);
  if (seen) load(seen.target);
}

async function load(link) {
  watcher.unobserve(link);
  talk.setAttribute("aria-busy", "true");
  link.textContent = "Older messages are loading …";
  try {
    const answer = await fetch(link.dataset.older, { headers: { "X-Requested-With": "fetch" } });
    if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
    put(link, await answer.text());
  } catch {
    // The link still leads there, and another try is one click away.
    link.textContent = "Older messages could not be loaded. Try again";
    link.addEventListener("click", again, { once: true });
  } finally {
    talk.removeAttribute("aria-busy");
  }
}

function again(event) {
  event.preventDefault();
  load(event.currentTarget);
}

// The box is laid out from its end (column-reverse): what comes above moves nothing that is seen.
function put(link, text) {
  const part = document.createElement("template");
  part.innerHTML = text; // from our own server, in which all that people wrote is escaped
  const items = [...part.content.children];
  const next = part.content.querySelector("[data-older]");
  const count = items.filter((item) => item.matches(".inbox-message")).length;
  const days = items.filter((item) => item.matches(".inbox-day"));
  const first = list.querySelector(".inbox-day");
  if (first && days.at(-1)?.dataset.day === first.dataset.day) first.remove(); // the day goes on
  if (document.activeElement === link) talk.focus({ preventScroll: true });
  link.closest("li").remove();
  list.prepend(...items);
  told.textContent = next ? `${count} older messages loaded` : "These are all messages";
  if (next) watcher.observe(next);
}

function go(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, [contenteditable], [role=dialog]")) return;
  document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click();
}

function busy(event) {
  const form = event.target.closest("[data-busy]");
  const button = form?.querySelector("button");
  if (!button) return;
  button.textContent = form.dataset.busy;
  button.setAttribute("aria-busy", "true");
  setTimeout(() => (button.disabled = true)); // after it was sent
}

const older = list?.querySelector("[data-older]");
if (older) watcher.observe(older);
document.addEventListener("keydown", go);
document.addEventListener("submit", busy);
// Who comes back by the browser's history finds a page that works again.
addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
