// Describes a filter: a label for each part, with the filter that remains without it.

import { gettext } from "../core/texts.mjs";
import { isSameFilter, normalize, splitKeys, withTagMode } from "../core/url.mjs";

const ATTACHMENTS = {
	true: gettext("With attachments"),
	1: gettext("With attachments"),
	false: gettext("Without attachments"),
	0: gettext("Without attachments"),
	image: gettext("With pictures"),
	video: gettext("With videos"),
	audio: gettext("With audio"),
	file: gettext("With files"),
	sticker: gettext("With stickers"),
	card: gettext("With cards"),
};

const ASSIGNEES = { me: gettext("Assigned to me"), none: gettext("Unassigned") };

// Names and messages together are no chip: that is how one searches.
const PLACES = { messages: gettext("Only messages"), names: gettext("Only names") };

/** [{key, label, mode, tag, without}]: a chip for each part but the search, which is shown in its own field. */
export function filterParts(filter, { tags, pages }) {
	const page = pages?.find(({ facebook_page_id: id }) => id === filter.facebookPageId);
	const zone = filter.tz ? ` (${filter.tz})` : "";
	const labels = [
		["facebookPageId", page?.name ?? gettext("Another Page")],
		["status", filter.status === "done" ? gettext("Done") : gettext("Open")],
		["assignee", ASSIGNEES[filter.assignee] ?? gettext("Assigned to user %(id)s", { id: filter.assignee })],
		[
			"mentioned",
			filter.mentioned === "me"
				? gettext("Mentions me")
				: gettext("Mentions user %(id)s", { id: filter.mentioned }),
		],
		["snoozed", isTrue(filter.snoozed) ? gettext("Snoozed") : gettext("Not snoozed")],
		["has_note", isTrue(filter.has_note) ? gettext("With notes") : gettext("Without notes")],
		["waiting", isTrue(filter.waiting) ? gettext("Needs reply (over 24 h)") : gettext("No reply needed")],
		["unread", isTrue(filter.unread) ? gettext("Unread") : gettext("Read")],
		["untagged", isTrue(filter.untagged) ? gettext("Untagged") : gettext("Tagged")],
		["platform", filter.platform === "instagram" ? "Instagram" : "Messenger"],
		["ad_id", gettext("Ad %(id)s", { id: filter.ad_id })],
		["q", filter.q],
		[
			"last_message_from",
			filter.last_message_from === "page" ? gettext("Answered last by you") : gettext("Customer wrote last"),
		],
		[
			"has_attachment",
			ATTACHMENTS[filter.has_attachment] ?? gettext("With %(kind)s", { kind: filter.has_attachment }),
		],
		["search_in", PLACES[filter.search_in]],
		["startDate", gettext("From %(day)s", { day: `${filter.startDate}${zone}` })],
		["endDate", gettext("Until %(day)s", { day: `${filter.endDate}${zone}` })],
	];
	const used = labels.filter(([name, label]) => filter[name] && label);
	return [
		...used.map(([name, label]) => ({
			key: name,
			label,
			mode: "",
			without: normalize({ ...filter, [name]: name === "search_in" ? "all" : "" }),
		})),
		...["include", "exclude"].flatMap((mode) => tagParts(filter, mode, tags)),
	];
}

const isTrue = (flag) => flag === "true" || flag === "1";

function tagParts(filter, mode, tags) {
	const tagOf = (key) => tags?.find(({ id, slug }) => slug === key || String(id) === key) ?? unknownTag(key);
	// An address may name a tag twice, by slug and by ID.
	return [...new Set(splitKeys(filter[`${mode}_tags`]).map(tagOf))].map((tag) => {
		return { key: `${mode} ${tag.id}`, label: tag.name, mode, tag, without: withTagMode(filter, tag, "") };
	});
}

const unknownTag = (key) => ({ id: key, slug: key, name: key, color: "" });

/** The title of the list: the name of a view, or the search. */
export function listTitle(filter, views, savedViews) {
	const view =
		savedViews?.find((saved) => isSameFilter(saved.filter, filter)) ??
		views.find((builtIn) => isSameFilter(builtIn.filter, { ...filter, facebookPageId: "" }));
	if (view) return view.name;
	return filter.search ? `“${filter.search}”` : gettext("Filtered");
}
