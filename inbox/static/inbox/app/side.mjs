// The pane of views, tags and Pages.

import { choiceOf, clicked, ofView, same, write } from "./address.mjs";
import { logOut } from "./api.mjs";
import { VIEWS } from "./around.mjs";
import { button, byId, fill, h, icon, iconButton, tagDot } from "./dom.mjs";
import { go, maySomewhere, set, state, watch } from "./state.mjs";
import { syncOf } from "./syncview.mjs";
import { complain } from "./toast.mjs";
import { number } from "./words.mjs";

export function startSide({ forget, newTag }) {
  byId("close-side").addEventListener("click", closeSide);
  byId("shade").addEventListener("click", closeSide);
  byId("logout").addEventListener("click", () => logOut().catch(complain));
  watch("filter counts pages", drawViews);
  watch("filter views", (now) => drawSaved(now, forget));
  watch("filter tags pages", (now) => drawTags(now, newTag));
  watch("filter pages runs outcomes setupError", drawPages);
  watch("isSideOpen", showSide);
}

const closeSide = () => set({ isSideOpen: false });

function showSide({ isSideOpen }) {
  const hadFocus = document.activeElement.closest(".side-open .side");
  document.body.classList.toggle("side-open", isSideOpen);
  if (isSideOpen) byId("close-side").focus();
  else if (hadFocus) byId("menu").focus();
}

function section(id, heading, entries, ...more) {
  fill(byId(id), h("h2", heading), h("ul", entries), more);
}

function entry({ filter, name, symbol, count, isHere, more }) {
  const link = { href: write({ filter }), "data-go": "", "aria-current": isHere && "page" };
  return h("li", h("a.entry", link, symbol, h("span.entry-name", name), counted(count)), more);
}

function counted({ number: count = null, isExact = true } = {}) {
  return count !== null && h("span.count", `${isExact ? "" : "~"}${number(count)}`);
}

function drawViews({ filter, counts }) {
  const { facebookPageId } = filter;
  const views = VIEWS.map(({ name, icon: symbol, filter: view }) => {
    const own = { ...view, facebookPageId };
    return entry({ filter: own, name, symbol: icon(symbol), count: counts[name] ?? {}, isHere: same(filter, own) });
  });
  section("views", "Views", views);
}

function drawSaved({ filter, views, me }, forget) {
  byId("saved").hidden = !views?.length;
  const saved = views?.map((view) => {
    const isOwn = view.owner === me.name || me.isSuperuser;
    const more = isOwn && iconButton("close", `Delete the view ${view.name}`, () => forget(view));
    return entry({ filter: ofView(view), name: view.name, symbol: icon("view"), isHere: same(filter, ofView(view)), more });
  });
  section("saved", "Saved views", saved);
}

const CHOSEN = { include: "with", exclude: "without" };

function drawTags({ filter, tags }, newTag) {
  const list = tags?.map((tag) => {
    const choice = choiceOf(filter, tag);
    const chosen = CHOSEN[choice];
    const name = `${tag.name}, ${number(tag.conversations)} conversations${chosen ? `, only ${chosen} it` : ""}`;
    const content = [tagDot(tag), h("span.entry-name", tag.name), chosen && h("span.choice", chosen), counted({ number: tag.conversations })];
    const more = { "aria-label": name, title: "Click: with it. Twice: without it." };
    return h("li", button(content, () => go({ filter: clicked(state.filter, tag) }), `entry.${choice}`, more));
  });
  section(
    "tags", "Tags", list,
    tags?.length === 0 && h("p.quiet.hint", "No tags yet."),
    maySomewhere("tagger") && button("New tag", () => newTag(), "link.hint"),
  );
}

function drawPages({ filter, pages, setupError }) {
  const list = pages?.map((page) => {
    const isHere = filter.facebookPageId === page.facebook_page_id;
    const own = { ...filter, facebookPageId: isHere ? "" : page.facebook_page_id };
    const symbol = h(`span.lamp.${page.state}`, { "aria-hidden": "true" });
    return entry({ filter: own, name: page.name, symbol, count: { number: page.conversations }, isHere, more: syncOf(page) });
  });
  section("pages", "Pages", list, setupError && h("p.fault.hint", setupError.message));
}
