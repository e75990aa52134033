// The pane of views, tags and Pages.

import { choiceOf, clicked, ofView, same, tidy, write } from "./address.mjs";
import { byId, fill, h, icon, iconButton, tagDot } from "./dom.mjs";
import { VIEWS } from "./setup.mjs";
import { go, store } from "./state.mjs";
import { whenChanged } from "./store.mjs";
import { syncOf } from "./syncview.mjs";
import { number } from "./words.mjs";

export function startSide({ forget, newTag }) {
  byId("close-side").addEventListener("click", closeSide);
  byId("shade").addEventListener("click", closeSide);
  byId("logout").addEventListener("click", logOut);
  store.subscribe(whenChanged(({ filter, counts, pages }) => [filter, counts, pages], drawViews));
  store.subscribe(whenChanged(({ filter, views }) => [filter, views], (state) => drawSaved(state, forget)));
  store.subscribe(whenChanged(({ filter, tags, pages }) => [filter, tags, pages], (state) => drawTags(state, newTag)));
  store.subscribe(whenChanged(({ filter, pages, runs, outcomes }) => [filter, pages, runs, outcomes], drawPages));
  store.subscribe(whenChanged(({ isSideOpen }) => [isSideOpen], ({ isSideOpen }) => showSide(isSideOpen)));
}

const closeSide = () => store.set({ isSideOpen: false });

function showSide(isOpen) {
  document.body.classList.toggle("side-open", isOpen);
  if (isOpen) byId("close-side").focus();
}

async function logOut() {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
  await fetch("/logout", { method: "POST", headers: { "X-CSRFToken": token } });
  location.assign("/login");
}

function section(id, heading, ...content) {
  fill(byId(id), h("h2", {}, heading), ...content);
}

function entry({ filter, name, symbol, count, isHere, more = null }) {
  return h(
    "li",
    {},
    h("a", { href: write({ filter }), data: { go: "" }, class: "entry", "aria-current": isHere ? "page" : null }, symbol, h("span", { class: "entry-name" }, name), counted(count)),
    more,
  );
}

function counted(count) {
  if (!count || count.number === null) return null;
  return h("span", { class: "count" }, `${count.isExact ? "" : "~"}${number(count.number)}`);
}

function drawViews({ filter, counts }) {
  const page = { facebookPageId: filter.facebookPageId };
  const views = VIEWS.map((view) => {
    const own = tidy({ ...view.filter, ...page });
    return entry({ filter: own, name: view.name, symbol: icon(view.icon), count: counts[view.name], isHere: same(filter, own) });
  });
  section("views", "Views", h("ul", {}, views));
}

function drawSaved({ filter, views }, forget) {
  byId("saved").hidden = !views?.length;
  const { me } = store.get();
  const saved = (views ?? []).map((view) => {
    const isOwn = view.owner === me.name || me.isSuperuser;
    const more = isOwn && iconButton("close", `Delete the view ${view.name}`, () => forget(view));
    return entry({ filter: ofView(view), name: view.name, symbol: icon("view"), isHere: same(filter, ofView(view)), more });
  });
  section("saved", "Saved views", h("ul", {}, saved));
}

const CHOSEN = { include: ", only with it", exclude: ", only without it", "": "" };

function drawTags({ filter, tags, pages }, newTag) {
  const isTagger = pages?.some(({ role }) => role !== "viewer");
  const none = tags && !tags.length && h("p", { class: "quiet hint" }, "No tags yet.");
  const list = (tags ?? []).map((tag) => {
    const choice = choiceOf(filter, tag);
    const name = `${tag.name}, ${number(tag.conversations)} conversations${CHOSEN[choice]}`;
    const onclick = () => go({ filter: clicked(store.get().filter, tag) });
    return h("li", {}, h("button", { type: "button", class: `entry ${choice}`, "aria-label": name, title: "Click: with it. Twice: without it.", onclick }, tagDot(tag), h("span", { class: "entry-name" }, tag.name), mark(choice), h("span", { class: "count" }, number(tag.conversations))));
  });
  section("tags", "Tags", none, h("ul", {}, list), isTagger && h("button", { type: "button", class: "link hint", onclick: newTag }, "New tag"));
}

function mark(choice) {
  return choice && h("span", { class: "choice", "aria-hidden": "true" }, choice === "include" ? "with" : "without");
}

function drawPages({ filter, pages, setupError }) {
  const failed = setupError && h("p", { class: "fault hint" }, setupError.message);
  const list = (pages ?? []).map((page) => {
    const isHere = filter.facebookPageId === page.facebook_page_id;
    const own = tidy({ ...filter, facebookPageId: isHere ? "" : page.facebook_page_id });
    const symbol = h("span", { class: `lamp ${page.state}`, "aria-hidden": "true" });
    return entry({ filter: own, name: page.name, symbol, count: { number: page.conversations, isExact: true }, isHere, more: syncOf(page) });
  });
  section("pages", "Pages", failed, h("ul", {}, list));
}

