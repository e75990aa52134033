// Opens the conversation in Facebook's own inbox, in a new tab.

import { get } from "../core/api.mjs";
import { gettext } from "../core/texts.mjs";
import { showError } from "../core/toast.mjs";

export async function openAtFacebook(row) {
	const tab = open("", "_blank"); // now: browsers block a tab that opens after a request
	try {
		const { url } = await get(`/api/conversations/${row.id}/facebook`);
		if (!tab) throw new Error(gettext("Your browser has blocked the new tab. Allow pop-ups for this page."));
		tab.opener = null;
		tab.location.replace(url);
	} catch (error) {
		tab?.close();
		showError(error);
	}
}
