// The fields of "More filters".

import { fill, h, update } from "../core/dom.mjs";
import { updateFilter, watch } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";

/** The values of `has_attachment`, with their names. */
export const ATTACHMENTS = [
	["true", gettext("With any")],
	["image", gettext("Pictures")],
	["video", gettext("Videos")],
	["audio", gettext("Audio files")],
	["file", gettext("Files")],
	["false", gettext("None")],
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
		pageNames.length > 1 && select(gettext("Page"), "facebookPageId", [gettext("All Pages"), ...pageNames]),
		select(gettext("Status"), "status", [
			gettext("Any"),
			["active", gettext("Open")],
			["done", gettext("Done")],
		]),
		select(gettext("Assignee"), "assignee", [
			gettext("Any"),
			["me", gettext("Me")],
			["none", gettext("Nobody")],
		]),
		select(gettext("Snoozed"), "snoozed", [
			gettext("Any"),
			["true", gettext("Snoozed")],
			["false", gettext("Not snoozed")],
		]),
		select(gettext("Notes"), "has_note", [
			gettext("Any"),
			["true", gettext("With notes")],
			["false", gettext("Without notes")],
		]),
		select(gettext("Unread"), "unread", [
			gettext("Any"),
			["true", gettext("Unread")],
			["false", gettext("Read")],
		]),
		select(gettext("Tags"), "untagged", [
			gettext("Any"),
			["true", gettext("Untagged")],
			["false", gettext("Tagged")],
		]),
		hasInstagram &&
			select(gettext("Platform"), "platform", [
				gettext("Any"),
				["messenger", "Messenger"],
				["instagram", "Instagram"],
			]),
		select(gettext("Newest message"), "last_message_from", [
			gettext("Any"),
			["customer", gettext("Customer's")],
			["page", gettext("Page's")],
		]),
		select(gettext("Attachments"), "has_attachment", [gettext("Any"), ...ATTACHMENTS]),
		day(gettext("From"), "startDate"),
		day(gettext("Until"), "endDate"),
	);
}

// The first choice means no filter.
function selectField(label, name, [noFilter, ...choices], value = "") {
	const options = [["", noFilter], ...choices].map(([option, text]) => h("option", { value: option }, text));
	return field(label, name, h("select", { id: idOf(name), name, value }, options));
}

const idOf = (name) => `filter-${name}`;

const field = (label, name, input) => h("div", { key: name }, h("label", { for: idOf(name) }, label), input);
