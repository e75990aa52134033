// Which saved replies fit what is typed after a slash.

import { fold } from "../core/folding.mjs";

const SLASH = /(?:^|\s)\/([^\s/]{0,30})$/;

/** The word after a slash before the cursor; null if there is none. */
export const typedShortcut = (before) => SLASH.exec(before)?.[1] ?? null;

/** The Page's replies and those for all, without those whose shortcut the Page has itself; the most used first. */
export function usableReplies(replies) {
	const own = new Set(replies.filter((one) => one.facebookPageId && one.shortcut).map((one) => one.shortcut));
	return replies
		.filter((one) => one.facebookPageId || !own.has(one.shortcut))
		.sort((first, second) => second.uses - first.uses || first.name.localeCompare(second.name));
}

/** Those whose shortcut begins with the word, then those with a word of the name that does; at most `most`. */
export function fittingReplies(replies, word, most = 6) {
	const typed = fold(word);
	const rank = ({ name, shortcut }) => {
		if (shortcut && fold(shortcut) === typed) return 0;
		if (shortcut && fold(shortcut).startsWith(typed)) return 1;
		return fold(name)
			.split(/\s+/)
			.some((part) => part.startsWith(typed))
			? 2
			: null;
	};
	return replies
		.map((reply) => [rank(reply), reply])
		.filter(([place]) => place !== null)
		.sort(([first], [second]) => first - second)
		.slice(0, most)
		.map(([, reply]) => reply);
}
