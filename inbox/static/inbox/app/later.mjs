// What is not needed to see the list comes when it is asked for.

import { h } from "./dom.mjs";
import { complain } from "./toast.mjs";

/** A function of a part that is not there yet; `sheet`: its style, null for none. What it throws is told. */
export const later = (name, verb, sheet = "dialogs") => async (...given) => {
  try {
    const [part] = await Promise.all([import(`./later/${name}.mjs`), sheet && styled(sheet)]).catch(() => {
      throw new Error("A part of this page could not be loaded. Is there a connection?");
    });
    return await part[verb](...given);
  } catch (error) {
    return complain(error);
  }
};

const sheets = {};

function styled(name) {
  const href = new URL(`./later/${name}.css`, import.meta.url).href;
  sheets[name] ??= new Promise((onload, onerror) => document.head.append(h("link", { rel: "stylesheet", href, onload, onerror })));
  return sheets[name].catch(() => delete sheets[name]);
}
