// Before everything that matches is changed: how many that would be, and whether it is meant.

import { say } from "../toast.mjs";
import { number, plural } from "../words.mjs";
import { confirmed } from "./dialog.mjs";

const WORDS = {
  assign: ({ tag }) => ["Tag", "Tag everything that matches?", (count) => `“${tag.name}” is put on ${count}`],
  remove: ({ tag }) => ["Untag", "Untag everything that matches?", (count) => `“${tag.name}” is taken off ${count}`],
  mark: ({ status }) => ["Mark", `Mark everything that matches as ${status}?`, (count) => `${count} will be marked as ${status}`],
};

/** `deed`: as `acts.mjs` has it; `wouldChange`: asks for {matched, changed}. Resolves with true, else nothing is to be done. */
export async function isMeant(deed, wouldChange) {
  const { matched, changed } = await wouldChange();
  if (!changed) return void say(deed.nothing);
  const [label, heading, words] = WORDS[deed.verb](deed);
  const sentence = `${words(plural(changed, "conversation"))}; ${number(matched)} match. It can be taken back.`;
  return confirmed(heading, sentence, `${label} ${number(changed)}`);
}
