// Everything that one can do or go to, by typing a part of it.

import { setStatus } from "../acts.mjs";
import { clicked, ofView } from "../address.mjs";
import { VIEWS } from "../around.mjs";
import { icon, tagDot } from "../dom.mjs";
import { target } from "../selection.mjs";
import { go, may, state } from "../state.mjs";
import { sync } from "../syncing.mjs";
import { choose } from "./chooser.mjs";
import { showHelp } from "./help.mjs";
import { pickTag } from "./picker.mjs";
import { saveView } from "./saved.mjs";

export async function openPalette() {
  const found = await choose("What would you like to do?", [...deeds(), ...places()]);
  await found?.act();
}

function deeds() {
  const aim = target();
  const one = (label, hint, symbol, act) => ({ label, hint, symbol: icon(symbol), act });
  return [
    aim && one("Add a tag", "t", "tag", () => pickTag("assign", aim)),
    aim && one("Take a tag off", "u", "untagged", () => pickTag("remove", aim)),
    aim && one("Mark as done", "e", "done", () => setStatus("done", aim)),
    aim && one("Mark as active", "", "active", () => setStatus("active", aim)),
    ...(state.pages ?? []).map((page) => may("manager", page) && one(`Sync ${page.name}`, "", "sync", () => sync(page))),
    one("Numbers of what is shown", "i", "chart", () => go({ insight: true, open: null })),
    one("Save as view", "", "view", saveView),
    one("Show the keys", "?", "more", showHelp),
    one("Clear the filter", "", "close", () => go({ filter: {} })),
  ].filter(Boolean);
}

function places() {
  const { filter: { facebookPageId }, tags, views, pages } = state;
  const one = (label, hint, symbol, filter) => ({ label, hint, symbol, act: () => go({ filter }) });
  return [
    ...VIEWS.map((view) => one(view.name, "view", icon(view.icon), { ...view.filter, facebookPageId })),
    ...(views ?? []).map((view) => one(view.name, "saved view", icon("view"), ofView(view))),
    ...(tags ?? []).map((tag) => one(tag.name, "tag", tagDot(tag), clicked(state.filter, tag))),
    ...(pages ?? []).map((page) => one(page.name, "Page", icon("all"), { ...state.filter, facebookPageId: page.facebook_page_id })),
  ];
}
