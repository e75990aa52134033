// Downloads a file without leaving the page.

import { h } from "./dom.mjs";

/** @param {string} url an address that answers with an attachment */
export function download(url) {
	const link = h("a", { href: url, download: "" });
	document.body.append(link);
	link.click();
	link.remove();
}
