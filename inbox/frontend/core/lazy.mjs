// Loads modules when they are first used.

import { h } from "./dom.mjs";
import { gettext } from "./texts.mjs";
import { showError } from "./toast.mjs";

const DIALOG_STYLES = new URL("./dialogs.css", import.meta.url).href;
let loadingDialogs = 0;
let cancellations = 0;

/** Is a dialog being loaded? Keys that are pressed meanwhile are not for the page. */
export const isDialogLoading = () => loadingDialogs > 0;

/** Opens none of the dialogs that are being loaded. */
export const cancelDialogs = () => {
	cancellations++;
};

/**
 * Returns a function that loads a module and calls `functionName` of it; its errors are shown to the user.
 * Once the module is loaded, it is called at once, so that keys pressed right after it are for what it opens.
 * `load`: imports the module. `styles`: the address of its style sheet; null: none.
 * @param {() => Promise<any>} load @param {string} functionName @param {string | null} [styles]
 */
export const lazy = (load, functionName, styles = DIALOG_STYLES) => {
	let module;
	return async (...args) => {
		const before = cancellations;
		try {
			module ??= await loadModule(load, styles);
			if (cancellations !== before) return null; // as if it had been dismissed
			return await module[functionName](...args);
		} catch (error) {
			return showError(error);
		}
	};
};

async function loadModule(load, styles) {
	const isDialog = styles === DIALOG_STYLES;
	loadingDialogs += Number(isDialog);
	try {
		const [module] = await Promise.all([load(), styles && loadStyles(styles)]);
		return module;
	} catch {
		throw new Error(gettext("Couldn't load a part of this page. Check your connection."));
	} finally {
		loadingDialogs -= Number(isDialog);
	}
}

const sheets = {};

function loadStyles(href) {
	sheets[href] ??= new Promise((onload, onerror) => {
		document.head.append(h("link", { rel: "stylesheet", href, onload, onerror }));
	});
	return sheets[href].catch(() => delete sheets[href]);
}
