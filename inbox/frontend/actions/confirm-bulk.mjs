// Asks for confirmation before an action changes all conversations that match a filter.

import { confirm } from "../core/dialog.mjs";
import { formatDateTime, formatNumber, plural } from "../core/format.mjs";
import { showMessage } from "../core/toast.mjs";

// Of each verb: the heading, the question and the button. `many`: e.g. "3 of 58 conversations"; `count`: "3".
const TEXTS = {
	assign: ({ tag }, many, count) => ["Tag all that match", `Add “${tag.name}” to ${many}?`, `Tag ${count}`],
	remove: ({ tag }, many, count) => [
		"Untag all that match",
		`Remove “${tag.name}” from ${many}?`,
		`Untag ${count}`,
	],
	mark: ({ status }, many, count) =>
		status === "done"
			? ["Mark all that match as done", `Mark ${many} as done?`, `Mark ${count} as done`]
			: ["Reopen all that match", `Reopen ${many}?`, `Reopen ${count}`],
	"hand over": ({ user }, many, count) =>
		user
			? ["Assign all that match", `Assign ${many} to ${user.name}?`, `Assign ${count}`]
			: ["Unassign all that match", `Assign ${many} to nobody?`, `Unassign ${count}`],
	snooze: ({ until }, many, count) =>
		until
			? ["Snooze all that match", `Snooze ${many} until ${formatDateTime(until)}?`, `Snooze ${count}`]
			: ["End the snooze of all that match", `End the snooze of ${many}?`, `End ${count}`],
	"mark read": ({ isRead }, many, count) =>
		isRead
			? ["Mark all that match as read", `Mark ${many} as read?`, `Mark ${count} as read`]
			: ["Mark all that match as unread", `Mark ${many} as unread?`, `Mark ${count} as unread`],
};

/**
 * Resolves with true if the user confirms. `action`: as in actions.mjs; `preview`: resolves with {matched, changed}.
 * If nothing would change, shows a message instead of the question.
 */
export async function confirmBulk(action, preview) {
	const { matched, changed } = await preview();
	if (!changed) return void showMessage(action.noChange);
	const total = plural(matched, "conversation");
	const many = changed === matched ? total : `${formatNumber(changed)} of ${total}`;
	const [heading, question, label] = TEXTS[action.verb](action, many, formatNumber(changed));
	return confirm(heading, action.isFinal ? question : `${question} You can undo this.`, label);
}
