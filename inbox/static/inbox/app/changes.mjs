// Something has changed, here or elsewhere: what is shown is read anew, seldom enough.

import { loadAround } from "./setup.mjs";
import { refresh } from "./listing.mjs";

const SOON_MS = 150;
const APART_MS = 3000;

const followers = [];
let last = 0;
let timer = null;
let tell = () => {};

/** `read`: called whenever what is shown may be old. */
export function whenStale(read) {
  followers.push(read);
}

/** How the other tabs are told of what was done in this one. */
export function tellOthersBy(way) {
  tell = way;
}

/** This tab changed something. */
export function changed() {
  tell();
  stale({ atOnce: true });
}

/** Reads anew in a moment; many calls are one reading, and readings are apart. */
export function stale({ atOnce = false } = {}) {
  if (atOnce) clear();
  if (timer) return;
  const wait = atOnce ? SOON_MS : Math.max(SOON_MS, last + APART_MS - Date.now());
  timer = setTimeout(read, wait);
}

function clear() {
  clearTimeout(timer);
  timer = null;
}

async function read() {
  clear();
  last = Date.now();
  await Promise.all(followers.map((follower) => follower()));
}

export function startChanges({ firstInSight }) {
  whenStale(() => refresh({ firstInSight: firstInSight() }));
  whenStale(loadAround);
}
