// What staff did, newest first, with undo: on one conversation, or all that the user did here.

import { undo } from "../actions/actions.mjs";
import { get } from "../core/api.mjs";
import { openDialog } from "../core/dialog.mjs";
import { button, fill, h } from "../core/dom.mjs";
import { displayName, formatDateTime } from "../core/format.mjs";
import { findPage, hasRole } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { showError } from "../core/toast.mjs";
import { describeEvent } from "./messages.mjs";

/** The history of a conversation. */
export function showHistory(row) {
	const path = `/api/conversations/${row.id}/events`;
	const isTagger = hasRole("tagger", findPage(row.page_id));
	const load = async (cursor = "") => {
		const { events, pagination } = await get(path, { what: "history", cursor });
		const items = events.map((event) => ({
			text: describeEvent(event, displayName(row)),
			at: event.occurred_at,
			act: isTagger && event.data.act,
		}));
		return { items, next: pagination.nextCursor };
	};
	return showRecords(gettext("History"), load);
}

/** What the user changed on any conversations. */
export function showOwnChanges() {
	return showRecords(gettext("My changes"), async () => {
		const { acts } = await get("/api/acts/own");
		const items = acts.map(({ message, created_at: at, undone, act }) => ({
			text: undone ? gettext("%(message)s (undone)", { message }) : message,
			at,
			act: !undone && act,
		}));
		return { items, next: null };
	});
}

// `load(cursor)`: resolves with {items: [{text, at, act}], next}; those with `act` can be undone.
async function showRecords(heading, load) {
	let records = await load();
	const list = h("ol.records");
	const draw = () => fill(list, listItems(records, { undoAndReload, loadMore }));

	async function undoAndReload(act) {
		await undo(act);
		records = await load().catch((error) => showError(error) ?? records);
		draw();
	}

	async function loadMore() {
		const more = await load(records.next).catch(showError);
		if (more) records = { items: [...records.items, ...more.items], next: more.next };
		draw();
	}

	draw();
	return openDialog(heading, (close) => [
		h("h2", heading),
		list,
		h(
			"div.dialog-buttons",
			button(gettext("Close"), () => close(), "button", { autofocus: true }),
		),
	]);
}

// The events of one act follow each other; the first one has the button.
function listItems({ items, next }, { undoAndReload, loadMore }) {
	if (!items.length) return h("li.quiet", gettext("Nothing yet."));
	const rows = items.map(({ text, at, act }, index) => {
		const isFirst = act && items[index - 1]?.act !== act;
		const undoButton = isFirst && button(gettext("Undo"), () => undoAndReload(act), "button.small.plain");
		return h("li", h("span", text), h("span.quiet", formatDateTime(at)), undoButton);
	});
	return [...rows, next && h("li", button(gettext("Older"), loadMore, "link"))];
}
