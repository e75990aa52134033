// Something has changed, here or elsewhere: what is shown is read anew, seldom enough.

import { loadAround } from "./around.mjs";
import { refresh } from "./listing.mjs";

const SOON_MS = 150;
const APART_MS = 3000;

const followers = [loadAround, refresh];
let last = 0;
let timer = null;
let reading = null;
let tell = () => {};

/** `read`: called whenever what is shown may be old. */
export const whenStale = (read) => followers.push(read);

/** How the other tabs are told of what was done in this one. */
export const tellOthersBy = (way) => (tell = way);

/** This tab changed something. */
export function changed() {
  tell();
  stale({ atOnce: true });
}

/** Reads anew in a moment; many calls are one reading, and readings are apart. */
export function stale({ atOnce = false } = {}) {
  if (timer && !atOnce) return;
  clearTimeout(timer);
  timer = setTimeout(read, atOnce ? SOON_MS : Math.max(SOON_MS, last + APART_MS - Date.now()));
}

// One after the other: an answer that was slow must not cover a newer one.
async function read() {
  timer = null;
  last = Date.now();
  await reading;
  reading = Promise.all(followers.map((follower) => follower()));
}
