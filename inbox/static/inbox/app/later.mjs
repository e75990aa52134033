// What is not needed to see the list comes when it is asked for.

import { h } from "./dom.mjs";
import { complain } from "./toast.mjs";

const DIALOGS = "dialogs";
let coming = 0;

/** Is a dialogue on its way? What is typed then is not for the page. */
export const isComing = () => coming > 0;

/** A function of a part that is not there yet; `sheet`: its style, null for none. What it throws is told. */
export const later = (name, verb, sheet = DIALOGS) => async (...given) => {
  try {
    const part = await loaded(name, sheet);
    return await part[verb](...given);
  } catch (error) {
    return complain(error);
  }
};

async function loaded(name, sheet) {
  coming += sheet === DIALOGS;
  try {
    const [part] = await Promise.all([import(`./later/${name}.mjs`), sheet && styled(sheet)]);
    return part;
  } catch {
    throw new Error("A part of this page could not be loaded. Is there a connection?");
  } finally {
    coming -= sheet === DIALOGS;
  }
}

const sheets = {};

function styled(name) {
  const href = new URL(`./later/${name}.css`, import.meta.url).href;
  sheets[name] ??= new Promise((onload, onerror) => document.head.append(h("link", { rel: "stylesheet", href, onload, onerror })));
  return sheets[name].catch(() => delete sheets[name]);
}
