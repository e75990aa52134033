// The command palette: every action and every view, tag and Page, found by typing a part of the name.

import { icon, tagDot } from "../core/dom.mjs";
import { hasRole, navigate, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { cycleTag, viewFilter } from "../core/url.mjs";
import { currentTarget } from "../list/selection.mjs";
import { saveView } from "../sidebar/saved-views.mjs";
import { VIEWS } from "../sidebar/sidebar-loader.mjs";
import { startSync } from "../sync/sync-runs.mjs";
import { markRead, setStatus, snooze } from "./actions.mjs";
import { assignToMe, pickAssignee } from "./assignee-picker.mjs";
import { chooseOption } from "./combobox.mjs";
import { conversationItems, listItems } from "./more-menus.mjs";
import { showShortcuts } from "./shortcut-help.mjs";
import { pickSnooze } from "./snooze-picker.mjs";
import { pickTag } from "./tag-picker.mjs";

export async function openPalette() {
	const command = await chooseOption(gettext("What would you like to do?"), [
		...actionCommands(),
		...filterCommands(),
	]);
	await command?.run();
}

function actionCommands() {
	const target = currentTarget();
	const command = (label, hint, symbol, run) => ({ label, hint, symbol: () => icon(symbol), run });
	const syncCommands = (state.pages ?? [])
		.filter((page) => hasRole("manager", page))
		.map((page) => command(gettext("Sync %(page)s", { page: page.name }), "", "sync", () => startSync(page)));
	return [
		target && command(gettext("Add tag"), "t", "tag", () => pickTag("assign", target)),
		target && command(gettext("Remove tag"), "u", "untagged", () => pickTag("remove", target)),
		target && command(gettext("Mark as done"), "e", "done", () => setStatus("done", target)),
		target && command(gettext("Reopen"), "", "open", () => setStatus("active", target)),
		target && command(gettext("Assign to …"), "a", "person", () => pickAssignee(target)),
		target && command(gettext("Assign to me"), "m", "person", () => assignToMe(target)),
		target && command(gettext("Snooze …"), "z", "snooze", () => pickSnooze(target)),
		target && command(gettext("End the snooze"), "", "snooze", () => snooze(null, target)),
		target && command(gettext("Mark as read"), "", "unread", () => markRead(true, target)),
		target && command(gettext("Mark as unread"), "", "unread", () => markRead(false, target)),
		...syncCommands,
		...[...conversationItems(), ...listItems()].map(([label, run]) => command(label, "", "more", run)),
		command(gettext("Insights"), "i", "chart", () => navigate({ insight: true, openId: null })),
		command(gettext("Save as view"), "", "view", saveView),
		command(gettext("Keyboard shortcuts"), "?", "more", showShortcuts),
		command(gettext("Clear filters"), "", "close", () => navigate({ filter: {} })),
	].filter(Boolean);
}

function filterCommands() {
	const { filter, tags, views, pages } = state;
	const { facebookPageId } = filter;
	const command = (label, hint, symbol, filter) => ({ label, hint, symbol, run: () => navigate({ filter }) });
	const forPage = (page) => ({ ...filter, facebookPageId: page.facebook_page_id });
	return [
		...VIEWS.map((view) =>
			command(view.name, "view", () => icon(view.icon), { ...view.filter, facebookPageId }),
		),
		...(views ?? []).map((view) =>
			command(view.name, gettext("saved view"), () => icon("view"), viewFilter(view)),
		),
		...(tags ?? []).map((tag) => command(tag.name, "tag", () => tagDot(tag), cycleTag(filter, tag))),
		...(pages ?? []).map((page) => command(page.name, gettext("Page"), () => icon("all"), forPage(page))),
	];
}
