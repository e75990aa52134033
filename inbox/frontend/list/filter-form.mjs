// The fields of "More filters".

import { fill, h, update } from "../core/dom.mjs";
import { updateFilter, watch } from "../core/store.mjs";

/** The values of `has_attachment`, with their names. */
export const ATTACHMENTS = [
	["true", "With any"],
	["image", "Pictures"],
	["video", "Videos"],
	["audio", "Audio files"],
	["file", "Files"],
	["false", "None"],
];

let isStarted = false;

/** Starts when the user first opens the form; further calls do nothing. */
export function startFilterForm() {
	if (isStarted) return;
	isStarted = true;
	update("filters", { onchange: ({ target }) => updateFilter(changeOf(target)) });
	watch(({ filter, pages }) => [filter, pages], draw);
}

// A day that the user enters is a day of the user.
const changeOf = ({ name, type, value }) => ({ [name]: value, ...(type === "date" && { tz: "" }) });

function draw({ filter, pages }) {
	const pageNames = pages?.map((page) => [page.facebook_page_id, page.name]) ?? [];
	const hasInstagram = pages?.some(({ platforms }) => platforms.includes("instagram"));
	const select = (label, name, choices) => selectField(label, name, choices, filter[name]);
	const day = (label, name) => {
		const value = (filter[name] ?? "").slice(0, 10);
		return field(label, name, h("input", { id: idOf(name), type: "date", name, value }));
	};
	fill(
		"filters",
		pageNames.length > 1 && select("Page", "facebookPageId", ["All Pages", ...pageNames]),
		select("Status", "status", ["Any", ["active", "Open"], ["done", "Done"]]),
		select("Assignee", "assignee", ["Any", ["me", "Me"], ["none", "Nobody"]]),
		select("Snoozed", "snoozed", ["Any", ["true", "Snoozed"], ["false", "Not snoozed"]]),
		select("Notes", "has_note", ["Any", ["true", "With notes"], ["false", "Without notes"]]),
		select("Unread", "unread", ["Any", ["true", "Unread"], ["false", "Read"]]),
		select("Tags", "untagged", ["Any", ["true", "Untagged"], ["false", "Tagged"]]),
		hasInstagram &&
			select("Platform", "platform", ["Any", ["messenger", "Messenger"], ["instagram", "Instagram"]]),
		select("Newest message", "last_message_from", ["Any", ["customer", "Customer's"], ["page", "Page's"]]),
		select("Attachments", "has_attachment", ["Any", ...ATTACHMENTS]),
		day("From", "startDate"),
		day("Until", "endDate"),
	);
}

// The first choice means no filter.
function selectField(label, name, [noFilter, ...choices], value = "") {
	const options = [["", noFilter], ...choices].map(([option, text]) => h("option", { value: option }, text));
	return field(label, name, h("select", { id: idOf(name), name, value }, options));
}

const idOf = (name) => `filter-${name}`;

const field = (label, name, input) => h("div", { key: name }, h("label", { for: idOf(name) }, label), input);
