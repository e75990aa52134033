// Everything that matches becomes done, or active.

import { letGo } from "../selection.mjs";
import { setStatus, wouldSet } from "../statuses.mjs";
import { isMeant } from "./meant.mjs";

const ALL = { all: true };

export async function markAll(status) {
  const words = {
    heading: `Mark everything that matches as ${status}?`,
    deed: (count) => `${count} will be marked as ${status}`,
    label: "Mark",
    nothing: `Everything that matches is ${status} already.`,
  };
  if (!(await isMeant(wouldSet(status, ALL), words))) return;
  await setStatus(status, ALL);
  letGo();
}
