// Asks for confirmation before an action changes all conversations that match a filter.

import { confirm } from "../core/dialog.mjs";
import { formatDateTime, formatNumber, plural } from "../core/format.mjs";
import { gettext } from "../core/texts.mjs";
import { showMessage } from "../core/toast.mjs";

// Of each verb: the heading, the question and the button. `many`: e.g. "3 of 58 conversations"; `count`: "3".
const TEXTS = {
	assign: ({ tag }, many, count) => [
		gettext("Tag all that match"),
		gettext("Add “%(tag)s” to %(many)s?", { tag: tag.name, many }),
		gettext("Tag %(count)s", { count }),
	],
	remove: ({ tag }, many, count) => [
		gettext("Untag all that match"),
		gettext("Remove “%(tag)s” from %(many)s?", { tag: tag.name, many }),
		gettext("Untag %(count)s", { count }),
	],
	mark: ({ status }, many, count) =>
		status === "done"
			? [
					gettext("Mark all that match as done"),
					gettext("Mark %(many)s as done?", { many }),
					gettext("Mark %(count)s as done", { count }),
				]
			: [
					gettext("Reopen all that match"),
					gettext("Reopen %(many)s?", { many }),
					gettext("Reopen %(count)s", { count }),
				],
	handOver: ({ user }, many, count) =>
		user
			? [
					gettext("Assign all that match"),
					gettext("Assign %(many)s to %(user)s?", { many, user: user.name }),
					gettext("Assign %(count)s", { count }),
				]
			: [
					gettext("Unassign all that match"),
					gettext("Assign %(many)s to nobody?", { many }),
					gettext("Unassign %(count)s", { count }),
				],
	snooze: ({ until }, many, count) =>
		until
			? [
					gettext("Snooze all that match"),
					gettext("Snooze %(many)s until %(time)s?", { many, time: formatDateTime(until) }),
					gettext("Snooze %(count)s", { count }),
				]
			: [
					gettext("End the snooze of all that match"),
					gettext("End the snooze of %(many)s?", { many }),
					gettext("End %(count)s", { count }),
				],
	markRead: ({ isRead }, many, count) =>
		isRead
			? [
					gettext("Mark all that match as read"),
					gettext("Mark %(many)s as read?", { many }),
					gettext("Mark %(count)s as read", { count }),
				]
			: [
					gettext("Mark all that match as unread"),
					gettext("Mark %(many)s as unread?", { many }),
					gettext("Mark %(count)s as unread", { count }),
				],
};

/**
 * Resolves with true if the user confirms. `action`: as in actions.mjs; `preview`: resolves with {matched, changed}.
 * If nothing would change, shows a message instead of the question.
 */
export async function confirmBulk(action, preview) {
	const { matched, changed } = await preview();
	if (!changed) return void showMessage(action.noChange);
	const total = plural(matched, "%(count)s conversation", "%(count)s conversations");
	const many =
		changed === matched ? total : gettext("%(count)s of %(total)s", { count: formatNumber(changed), total });
	const [heading, question, label] = TEXTS[action.verb](action, many, formatNumber(changed));
	return confirm(
		heading,
		action.isFinal ? question : gettext("%(question)s You can undo this.", { question }),
		label,
	);
}
