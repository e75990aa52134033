// What an agent has written in one conversation, as a value: text, files and quoted message.

import { randomId } from "../core/random-id.mjs";
import { gettext, ngettext } from "../core/texts.mjs";
import { MAX_FILES, problemOf } from "./file-rules.mjs";
import { measure } from "./message-length.mjs";

/** As conversations/actions/reply_texts.py: a saved reply leaves those that are not known in the text. */
export const VARIABLES = ["first_name", "last_name", "full_name", "page_name", "my_name"];
const UNFILLED = new RegExp(`\\{(?:${VARIABLES.join("|")})(?:\\|[^{}|]*)?\\}`);

/**
 * `textId`: under which the text is sent: the same one when it is tried again, another one when the text is another.
 * @typedef {{text: string, textId: string, files: {id: string, file: File, problem: string}[], quote: {id: number, text: string} | null, isSending: boolean, error: string}} Written
 */

/** @returns {Written} */
export const nothing = () => ({
	text: "",
	textId: randomId(),
	files: [],
	quote: null,
	isSending: false,
	error: "",
});

/** @param {Written} written @param {string} text @returns {Written} */
export const withText = (written, text) =>
	text === written.text ? written : { ...written, text, textId: randomId(), error: "" };

/** @param {Written} written @param {File[]} files @param {string} platform @returns {Written} */
export function withFiles(written, files, platform) {
	const added = files.map((file) => ({ id: randomId(), file, problem: problemOf(file, platform) }));
	const all = [...written.files, ...added];
	const error =
		all.length > MAX_FILES ? gettext("Send at most %(most)s files at once.", { most: MAX_FILES }) : "";
	return { ...written, files: all.slice(0, MAX_FILES), error };
}

/** @param {Written} written @param {string} id @returns {Written} */
export const withoutFile = (written, id) => ({
	...written,
	files: written.files.filter((file) => file.id !== id),
	error: "",
});

/**
 * The messages that this becomes, in their order: Facebook takes a text and a file only as two. The quote belongs to the
 * text, else to the first file.
 * @param {Written} written
 */
export function messagesOf({ text, textId, files, quote }) {
	const all = [
		...files.map(({ id, file }) => ({ clientId: id, file, text: "" })),
		...(text.trim() ? [{ clientId: textId, file: null, text: text.trim() }] : []),
	];
	const quoting = all.find((message) => message.text) ?? all[0];
	return all.map((message) => ({ ...message, replyTo: message === quoting && quote ? quote.id : null }));
}

/** Without what has been sent. @param {Written} written @param {string} clientId @returns {Written} */
export function without(written, clientId) {
	const rest =
		clientId === written.textId
			? { ...withText(written, ""), textId: randomId() }
			: withoutFile(written, clientId);
	return { ...rest, quote: messagesOf(rest).length ? written.quote : null };
}

/** Why it cannot be sent as it is; "" if it can. @param {Written} written @param {string} platform */
export function problemOfAll({ text, files }, platform) {
	const { excess, unit } = measure(text, platform);
	const [unfilled] = UNFILLED.exec(text) ?? [];
	if (excess && unit === "bytes")
		return ngettext("%(count)s byte too long.", "%(count)s bytes too long.", excess, { count: excess });
	if (excess)
		return ngettext("%(count)s character too long.", "%(count)s characters too long.", excess, {
			count: excess,
		});
	if (unfilled) return gettext("Replace %(variable)s with words first.", { variable: unfilled });
	if (files.some(({ problem }) => problem)) return gettext("Remove the files that cannot be sent.");
	return "";
}

/** Is there anything to send? @param {Written} written */
export const isEmpty = ({ text, files }) => !text.trim() && !files.length;
