// The fields of "More filters".

import { byId, fill, h } from "../core/dom.mjs";
import { set, updateFilter, watch } from "../core/store.mjs";

const form = byId("filters");
let drawnOptions = "";

/** Starts when the user first opens the form; further calls do nothing. */
export function startFilterForm() {
	if (drawnOptions) return;
	form.addEventListener("change", ({ target }) => updateFilter(changeOf(target)));
	watch("pages", drawFields);
	watch("filter pages", fillFields);
	set({}); // draws it for the first time
}

// A day that the user enters is a day of the user.
const changeOf = ({ name, type, value }) => ({ [name]: value, ...(type === "date" && { tz: "" }) });

// Draws again only if the options have changed: a field must not be replaced while the user edits it.
function drawFields({ pages }) {
	const pageNames = pages?.map((page) => [page.facebook_page_id, page.name]) ?? [];
	const hasInstagram = pages?.some(({ platforms }) => platforms.includes("instagram"));
	const options = JSON.stringify([pageNames, hasInstagram]);
	if (drawnOptions === options) return;
	drawnOptions = options;
	fill(
		form,
		pageNames.length > 1 && select("Page", "facebookPageId", ["All Pages", ...pageNames]),
		select("Status", "status", ["Any", ["active", "Open"], ["done", "Done"]]),
		select("Unread", "unread", ["Any", ["true", "Unread"], ["false", "Read"]]),
		select("Tags", "untagged", ["Any", ["true", "Untagged"], ["false", "Tagged"]]),
		hasInstagram &&
			select("Platform", "platform", ["Any", ["messenger", "Messenger"], ["instagram", "Instagram"]]),
		field("From", h("input", { type: "date", name: "startDate" })),
		field("Until", h("input", { type: "date", name: "endDate" })),
	);
}

// The first choice means no filter.
function select(label, name, [noFilter, ...choices]) {
	const options = [["", noFilter], ...choices].map(([value, text]) => h("option", { value }, text));
	return field(label, h("select", { name }, options));
}

function field(label, input) {
	input.id = `filter-${input.name}`;
	return h("div", h("label", { for: input.id }, label), input);
}

// Leaves out the focused field: entering a date takes three steps.
function fillFields({ filter }) {
	for (const input of form.querySelectorAll("select, input")) {
		const value = filter[input.name] ?? "";
		if (input !== document.activeElement) input.value = input.type === "date" ? value.slice(0, 10) : value;
	}
}
