// Everything that one can do or go to, by typing a part of it.

import { clicked, ofView, tidy } from "../address.mjs";
import { icon, tagDot } from "../dom.mjs";
import { target } from "../selection.mjs";
import { VIEWS } from "../setup.mjs";
import { go, may, maySomewhere, store } from "../state.mjs";
import { sync } from "../syncing.mjs";
import { choose } from "./chooser.mjs";
import { showHelp } from "./help.mjs";
import { pickTag } from "./picker.mjs";
import { saveView } from "./saved.mjs";

export async function openPalette({ mark }) {
  const found = await choose("What would you like to do?", [...deeds(mark), ...places()]);
  await found?.act();
}

function deeds(mark) {
  const aim = maySomewhere("tagger") ? target() : null;
  const one = (label, hint, symbol, act) => ({ label, hint, symbol: icon(symbol), act });
  return [
    ...(aim ? [one("Add a tag", "t", "tag", () => pickTag("assign", aim)), one("Take a tag off", "u", "untagged", () => pickTag("remove", aim))] : []),
    ...(aim ? [one("Mark as done", "e", "done", () => mark("done", aim)), one("Mark as active", "", "active", () => mark("active", aim))] : []),
    ...syncs(one),
    one("Numbers of what is shown", "i", "chart", () => go({ insight: true, open: null })),
    one("Save as view", "", "view", saveView),
    one("Show the keys", "?", "more", showHelp),
    one("Clear the filter", "", "close", () => go({ filter: {} })),
  ];
}

function syncs(one) {
  const mine = (store.get().pages ?? []).filter((page) => may("manager", page.facebook_page_id));
  return mine.map((page) => one(`Sync ${page.name}`, "", "sync", () => sync(page)));
}

function places() {
  const { filter, tags, views, pages } = store.get();
  const page = filter.facebookPageId;
  return [
    ...VIEWS.map((view) => ({ label: view.name, hint: "view", symbol: icon(view.icon), act: () => go({ filter: tidy({ ...view.filter, facebookPageId: page }) }) })),
    ...(views ?? []).map((view) => ({ label: view.name, hint: "saved view", symbol: icon("view"), act: () => go({ filter: ofView(view) }) })),
    ...(tags ?? []).map((tag) => ({ label: tag.name, hint: "tag", symbol: tagDot(tag), act: () => go({ filter: clicked(filter, tag) }) })),
    ...(pages ?? []).map((one) => ({ label: one.name, hint: "Page", symbol: icon("all"), act: () => go({ filter: tidy({ ...filter, facebookPageId: one.facebook_page_id }) }) })),
  ];
}
