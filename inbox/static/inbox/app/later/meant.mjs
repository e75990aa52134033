// Before everything that matches is changed: how many that would be, and whether it is meant.

import { say } from "../toast.mjs";
import { number, plural } from "../words.mjs";
import { confirmed } from "./dialog.mjs";

/** `trial`: resolves with {matched, changed}; `deed(count)`: what happens, in words; `label`: the button’s. */
export async function isMeant(trial, { heading, deed, label, nothing }) {
  try {
    const { matched, changed } = await trial;
    if (!changed) return void say(nothing);
    const words = `${deed(plural(changed, "conversation"))}; ${number(matched)} match. It can be taken back.`;
    return await confirmed(heading, words, `${label} ${number(changed)}`);
  } catch (error) {
    return void say(error.message, { isError: true });
  }
}
