// The searches that the user has made in this browser, newest first. They are forgotten with the session: see session.mjs.

import { SEARCHES } from "../core/session.mjs";

const MAX_SEARCHES = 6;
const MIN_LENGTH = 2;

export function recentSearches() {
	try {
		const stored = JSON.parse(localStorage.getItem(SEARCHES) ?? "[]");
		return Array.isArray(stored) ? stored.filter((text) => typeof text === "string") : [];
	} catch {
		return []; // somebody else's
	}
}

export function rememberSearch(text) {
	if (text.length < MIN_LENGTH) return;
	const others = recentSearches().filter((other) => other !== text);
	localStorage.setItem(SEARCHES, JSON.stringify([text, ...others].slice(0, MAX_SEARCHES)));
}
