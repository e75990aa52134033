// Desktop notifications of new messages: off until the user asks for them in this browser.
//
// They name customer and Page, not the message: others may see the screen.

import { button, fill } from "./dom.mjs";
import { displayName } from "./format.mjs";
import { chooseNotifications, wantsNotifications } from "./preferences.mjs";
import { findPage, navigate } from "./store.mjs";
import { gettext } from "./texts.mjs";
import { showError, showMessage } from "./toast.mjs";

const MAX_SINGLE = 3; // more conversations at once are one notification
const CLOCK_DIFFERENCE_MS = 60_000; // between this machine and the server
const BLOCKED = gettext("Your browser blocks notifications of this site. Allow them in its settings.");

const startedAt = Date.now() - CLOCK_DIFFERENCE_MS;
const shownUntil = new Map(); // conversation ID → the time of the newest message that was told

const isPossible = () => "Notification" in globalThis && isSecureContext;
const isOn = () => Notification.permission === "granted" && wantsNotifications();

/** Shows the button that turns them on and off, where the browser has them. */
export function startNotifications() {
	if (isPossible()) drawButton();
}

function drawButton() {
	const label = isOn() ? gettext("Turn off notifications") : gettext("Turn on notifications");
	fill("notifications", button(label, toggle, "link"));
}

export async function toggle() {
	if (isOn()) chooseNotifications(false);
	else if ((await Notification.requestPermission()) === "granted") chooseNotifications(true);
	else return showError({ message: BLOCKED });
	drawButton();
	return isOn() && showMessage(gettext("You are notified of new messages while Inbox is open in a tab."));
}

/**
 * Tells of new messages of customers, unless the user is at a tab of Inbox: that shows them.
 * @param {{rows?: any[], isWatched?: boolean}} [change]
 */
export function notifyOfMessages({ rows = [], isWatched } = {}) {
	const news = rows.filter(isNew);
	for (const { id, last_message_time: time } of rows) if (time) shownUntil.set(id, Date.parse(time));
	if (!news.length || isWatched || document.hasFocus() || !isPossible() || !isOn()) return;
	if (news.length > MAX_SINGLE)
		show(gettext("%(count)s conversations have new messages", { count: news.length }), "", "inbox", null);
	else for (const row of news) show(displayName(row), bodyOf(row), `inbox-${row.id}`, row.id);
}

const isNew = ({ id, unread_count: unread, last_message_time: time }) =>
	unread > 0 && Date.parse(time) > (shownUntil.get(id) ?? startedAt);

function bodyOf(row) {
	const page = findPage(row.page_id)?.name;
	return page ? gettext("New message to %(page)s", { page }) : gettext("New message");
}

// The same `tag` in several tabs is one notification.
function show(title, body, tag, openId) {
	try {
		const notification = new Notification(title, {
			body,
			tag,
			icon: /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"))?.href,
		});
		notification.addEventListener("click", () => {
			globalThis.focus();
			notification.close();
			if (openId) navigate({ openId });
		});
	} catch {
		chooseNotifications(false); // browsers of phones have the class, but do not let pages use it
		drawButton();
	}
}
