// Exports: a dialog that asks what and how, and the files that the server prepares, with their progress.

import { get, post, remove } from "../core/api.mjs";
import { openDialog, openForm } from "../core/dialog.mjs";
import { button, fill, h } from "../core/dom.mjs";
import { download } from "../core/download.mjs";
import { displayName, formatNumber, formatShortTime, plural } from "../core/format.mjs";
import { state } from "../core/store.mjs";
import { gettext, gettextParts } from "../core/texts.mjs";
import { showError, showMessage, showProgress } from "../core/toast.mjs";
import { toParameters } from "../core/url.mjs";

const INTERVAL_MS = 1000;
const FORMATS = [
	["csv", gettext("CSV, for spreadsheets")],
	["ndjson", gettext("NDJSON, for programs")],
	["parquet", gettext("Parquet, for data analysis")],
];
const WHAT = [
	["conversations", gettext("Conversations: names, tags, times, last message")],
	["messages", gettext("All their messages")],
];
const ACTIVE = ["queued", "running"];

/** Exports the selected conversations, else all that match the filter. */
export function exportList() {
	const { selection, isAllSelected, filter, list } = state;
	const isSelection = selection.size > 0 && !isAllSelected;
	const what = isSelection ? { conversationIds: [...selection] } : { filter: toParameters(filter) };
	const number = isSelection ? selection.size : list.total;
	return askAndExport(
		what,
		scopeOf(number, list.isExact || isSelection),
		radios("what", gettext("Contents"), WHAT),
	);
}

function scopeOf(number, isExact) {
	if (number === null) return gettext("All conversations of this list");
	const conversations = plural(number, "%(count)s conversation", "%(count)s conversations");
	return isExact ? conversations : gettext("About %(conversations)s", { conversations });
}

export function exportConversation(row) {
	const what = { conversationIds: [row.id] };
	const fixed = h("input", { type: "hidden", name: "what", value: "messages" });
	return askAndExport(
		what,
		gettextParts("All messages with %(name)s", { name: h("bdi", displayName(row)) }),
		fixed,
	);
}

async function askAndExport(selection, scope, contents) {
	const fields = [h("p", scope, "."), contents, radios("format", gettext("Format"), FORMATS)];
	const result = await openForm(gettext("Export"), fields, gettext("Export"), (form) =>
		post("/api/exports", { ...selection, what: form.get("what"), format: form.get("format") }),
	);
	if (!result) return;
	if (result.export.url) download(result.export.url);
	else await follow(result.export);
}

function radios(name, legend, options) {
	const items = options.map(([value, label], index) =>
		h("label.check", h("input", { type: "radio", name, value, checked: index === 0 }), label),
	);
	return h("fieldset.radios", h("legend", legend), items);
}

// -- a file that a worker prepares
async function follow(file) {
	const cancel = () => remove(path(file)).catch(showError);
	const progress = showProgress(gettext("Export: %(message)s", { message: file.message }), 1, [
		gettext("Cancel"),
		cancel,
	]);
	try {
		const end = await untilEnded(file, ({ message, processed, total }) =>
			progress.update(gettext("Export: %(message)s", { message }), total ? processed / total : 0),
		);
		if (end.url) download(end.url);
		const again = end.url && [gettext("Download again"), () => download(end.url)];
		showMessage(gettext("Export: %(message)s", { message: end.message }), again || undefined);
	} catch (error) {
		if (error.status !== 404) showError(error); // 404: it was cancelled
	} finally {
		progress.close();
	}
}

async function untilEnded(file, onProgress) {
	let current = file;
	while (ACTIVE.includes(current.state)) {
		await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
		const answer = await get(path(file)).catch((error) => {
			if (error.status && error.status < 500) throw error;
			return { export: current }; // the server is away for a moment
		});
		current = answer.export;
		onProgress(current);
	}
	return current;
}

const path = ({ id }) => `/api/exports/${id}`;

// -- the files that are kept
export async function showExports() {
	const { exports: files } = await get("/api/exports");
	return openDialog(gettext("My exports"), (close) => {
		const list = h("ul.records");
		draw(list, files);
		const done = button(gettext("Close"), () => close(), "button", { autofocus: true });
		return [
			h("h2", gettext("My exports")),
			h("p.quiet", gettext("Large files are kept for 24 hours.")),
			list,
			h("div.dialog-buttons", done),
		];
	});
}

function draw(list, files) {
	const drop = async (file) => {
		await remove(path(file)).catch(showError);
		draw(list, (await get("/api/exports")).exports);
	};
	const items = files.map((file) => exportItem(file, () => drop(file)));
	fill(list, items.length ? items : h("li.quiet", gettext("No exports.")));
}

function exportItem(file, drop) {
	const megabytes = file.size ? ` · ${formatNumber(Math.ceil(file.size / 1e5) / 10)} MB` : "";
	const name = `${file.what}.${file.format}`;
	return h(
		"li",
		{ key: file.id },
		h("span", h("b", name), h("span.quiet", ` · ${formatShortTime(file.created_at)}${megabytes}`)),
		h("span.quiet", file.message),
		h(
			"span.record-buttons",
			file.url && button(gettext("Download"), () => download(file.url), "button.small"),
			button(
				ACTIVE.includes(file.state) ? gettext("Cancel") : gettext("Delete"),
				drop,
				"button.small.plain",
				{
					"aria-label": gettext("Delete %(name)s", { name }),
				},
			),
		),
	);
}
