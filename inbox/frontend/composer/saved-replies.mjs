// The saved replies of a Page, loaded when they are first used.

import { get, post, put, remove } from "../core/api.mjs";
import { onInvalidate } from "../core/refresh.mjs";
import { usableReplies } from "./matching.mjs";

const PATH = "/api/saved-replies";
const LIMIT = 1000; // more than a Page can have

/** @type {Map<string, Promise<any[]>>} by the Facebook ID of the Page */
const loaded = new Map();
onInvalidate(forget); // a colleague may have changed them

function forget() {
	loaded.clear();
}

/** What can be used on a Page, the most used first; none if they cannot be loaded now. */
export function repliesOf(facebookPageId) {
	const known = loaded.get(facebookPageId) ?? load(facebookPageId);
	loaded.set(facebookPageId, known);
	return known;
}

async function load(facebookPageId) {
	try {
		const { savedReplies } = await get(PATH, { facebookPageId, limit: LIMIT });
		return usableReplies(savedReplies);
	} catch {
		loaded.delete(facebookPageId);
		return [];
	}
}

/** The text for a customer; the server counts the use. */
export async function textFor({ id }, conversationId) {
	return (await post(`${PATH}/${id}/use`, { conversationId })).text;
}

/** `reply`: {id?, name, shortcut, text, facebookPageId}. */
export async function saveReply({ id, ...body }) {
	const { savedReply } = await (id ? put(`${PATH}/${id}`, body) : post(PATH, body));
	forget();
	return savedReply;
}

export async function deleteReply({ id }) {
	await remove(`${PATH}/${id}`);
	forget();
}
