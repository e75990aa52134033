// What is said of a message on its way to the customer, and what can be done about it.

import { gettext } from "../core/texts.mjs";

export const CANCEL_MS = 5000; // for so long it waits for second thoughts

/** Is it on its way? Then the server is asked again soon. */
export const isMoving = ({ state }) => state === "queued" || state === "sending";

/**
 * {label, reason, actions: [name], isWrong}; `secondsLeft`: until it leaves. `decide()` knows the actions.
 */
export function describeOutgoing({ state, reason, canTakeOver = false }, secondsLeft = 0) {
	if (state === "queued")
		return {
			label:
				secondsLeft > 0
					? gettext("Sending in %(seconds)s s", { seconds: secondsLeft })
					: gettext("Waiting to be sent"),
			reason: reason ?? "",
			actions: [["cancel", gettext("Cancel")]],
			isWrong: false,
		};
	if (state === "failed")
		return {
			label: gettext("Not sent"),
			reason: reason ?? "",
			actions: [
				canTakeOver ? ["takeOver", gettext("Take control and send")] : ["retry", gettext("Retry")],
				["discard", gettext("Discard")],
			],
			isWrong: true,
		};
	if (state === "uncertain")
		return {
			label: gettext("It is not known whether this was sent"),
			reason: reason || gettext("Look at Facebook before you send it again."),
			actions: [
				["discard", gettext("It is there")],
				["retry", gettext("Send again")],
			],
			isWrong: true,
		};
	if (state === "sent") return { label: gettext("Sent"), reason: "", actions: [], isWrong: false };
	return { label: gettext("Sending…"), reason: "", actions: [], isWrong: false };
}

/** Tells the server what was decided about a message: cancel, retry, takeOver, discard. Resolves with its answer. */
export const decide = (post, name, { id }) =>
	name === "takeOver"
		? post(`/api/messages/${id}/retry`, { takeOver: true })
		: post(`/api/messages/${id}/${name}`);

/** Is it sent again by this action? */
export const isRetry = (name) => name === "retry" || name === "takeOver";

/** Seconds until a queued message leaves, rounded up. */
export const secondsUntil = (leavesAt, now = Date.now()) => Math.max(0, Math.ceil((leavesAt - now) / 1000));
