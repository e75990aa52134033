// The menus of the list and of the open conversation.

import { lazy } from "../core/lazy.mjs";
import { openMenu } from "../core/menu.mjs";
import { findPage, hasRole, hasRoleAnywhere, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { markRead } from "./actions.mjs";

const pickAssignee = lazy(() => import("./assignee-picker.mjs"), "pickAssignee");
const pickSnooze = lazy(() => import("./snooze-picker.mjs"), "pickSnooze");

/** @typedef {import("../core/menu.mjs").Item} Item */

const exporting = () => import("./export.mjs");
const history = () => import("../conversation/history.mjs");

const exportList = lazy(exporting, "exportList");
const showExports = lazy(exporting, "showExports");
const exportConversation = lazy(exporting, "exportConversation");
const showHistory = lazy(history, "showHistory");
const showOwnChanges = lazy(history, "showOwnChanges");
const manageRepliesOfPage = lazy(() => import("../composer/reply-picker.mjs"), "manageRepliesOfPage");
const showContact = lazy(() => import("../conversation/contact-card.mjs"), "showContact");
const openAtFacebook = lazy(() => import("../conversation/at-facebook.mjs"), "openAtFacebook", null);
const erasePerson = lazy(() => import("../conversation/erase-person.mjs"), "erasePerson");

export function openListMenu(anchor) {
	openMenu(anchor, gettext("More"), listItems());
}

export function openConversationMenu(anchor, row) {
	openMenu(anchor, gettext("More"), conversationItems(row));
}

/** The actions of the list. */
export function listItems() {
	/** @type {Item[]} */
	const items = [
		[gettext("Export …"), exportList],
		[gettext("My exports"), showExports],
	];
	if (hasRoleAnywhere("tagger"))
		items.push([gettext("My changes"), showOwnChanges], [gettext("Saved replies"), manageRepliesOfPage]);
	return items;
}

/** The actions of the open conversation; none if there is none. */
export function conversationItems(row = state.conversation?.row) {
	if (!row) return [];
	const target = { ids: [row.id] };
	const isUnread = row.unread_count > 0;
	/** @type {Item[]} */
	const work = [
		[gettext("Assign to …"), () => pickAssignee(target)],
		[gettext("Snooze …"), () => pickSnooze(target)],
		[isUnread ? gettext("Mark as read") : gettext("Mark as unread"), () => markRead(isUnread, target)],
	];
	/** @type {Item[]} */
	const items = [
		...(hasRole("tagger", findPage(row.page_id)) ? work : []),
		[gettext("Contact"), () => showContact(row)],
		[gettext("History"), () => showHistory(row)],
	];
	if (row.platform === "messenger") items.push([gettext("Open at Facebook"), () => openAtFacebook(row)]);
	items.push([gettext("Export messages …"), () => exportConversation(row)]);
	if (hasRole("manager", findPage(row.page_id)))
		items.push([gettext("Delete this person …"), () => erasePerson(row)]);
	return items;
}
