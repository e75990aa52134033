// Picks the assignee of conversations.

import { get } from "../core/api.mjs";
import { icon } from "../core/dom.mjs";
import { filteredPages, findPage, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { showError } from "../core/toast.mjs";
import { assign, loadedRows } from "./actions.mjs";
import { chooseOption } from "./combobox.mjs";

const MAX_PAGES = 20; // whose people are asked for

/** `target`: as returned by `currentTarget()`. */
export async function pickAssignee(target) {
	const people = await assignable(target).catch(showError);
	if (!people) return;
	const option = (user, label, hint = "") => ({ user, label, hint, symbol: () => icon("person") });
	const others = people.filter(({ name }) => name !== state.user.name);
	const me = people.find(({ name }) => name === state.user.name);
	const options = [
		me && option(me, gettext("Me"), me.name),
		...others.map((user) => option(user, user.name, user.role)),
		option(null, gettext("Nobody")),
	];
	const choice = await chooseOption(gettext("Assign to"), options.filter(Boolean), {
		placeholder: gettext("User name"),
	});
	if (choice) await assign(choice.user && { id: choice.user.id, name: choice.user.name }, target);
}

/** Assigns the conversations to the user. */
export async function assignToMe(target) {
	const people = await assignable(target).catch(showError);
	const me = people?.find(({ name }) => name === state.user.name);
	if (me) await assign({ id: me.id, name: me.name }, target);
}

/** [{id, name, role}]: who may be assigned to all conversations of the target. */
async function assignable({ ids }) {
	const pageIds = ids
		? [...loadedRows(ids).values()].map((row) => findPage(row.page_id)?.id)
		: filteredPages().map(({ id }) => id);
	const lists = await Promise.all([...new Set(pageIds)].slice(0, MAX_PAGES).map(colleagues));
	const workers = lists.map((people) => people.filter(({ role }) => role !== "viewer"));
	const [first = [], ...rest] = workers;
	return first.filter(({ id }) => rest.every((people) => people.some((user) => user.id === id)));
}

/** Who may see the Page: [{id, name, role}]. */
export async function colleagues(pageId) {
	return (await get(`/api/pages/${pageId}/colleagues`)).colleagues;
}
