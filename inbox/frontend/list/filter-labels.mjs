// Describes a filter: a label for each part, with the filter that remains without it.

import { isSameFilter, normalize, splitKeys, withTagMode } from "../core/url.mjs";

const ATTACHMENTS = {
	true: "With attachments",
	1: "With attachments",
	false: "Without attachments",
	0: "Without attachments",
	image: "With pictures",
	video: "With videos",
	audio: "With audio",
	file: "With files",
	sticker: "With stickers",
	card: "With cards",
};

const ASSIGNEES = { me: "Assigned to me", none: "Unassigned" };

// Names and messages together are no chip: that is how one searches.
const PLACES = { messages: "Only messages", names: "Only names" };

/** [{key, label, mode, tag, without}]: a chip for each part but the search, which is shown in its own field. */
export function filterParts(filter, { tags, pages }) {
	const page = pages?.find(({ facebook_page_id: id }) => id === filter.facebookPageId);
	const zone = filter.tz ? ` (${filter.tz})` : "";
	const labels = [
		["facebookPageId", page?.name ?? "Another Page"],
		["status", filter.status === "done" ? "Done" : "Open"],
		["assignee", ASSIGNEES[filter.assignee] ?? `Assigned to user ${filter.assignee}`],
		["mentioned", filter.mentioned === "me" ? "Mentions me" : `Mentions user ${filter.mentioned}`],
		["snoozed", isTrue(filter.snoozed) ? "Snoozed" : "Not snoozed"],
		["has_note", isTrue(filter.has_note) ? "With notes" : "Without notes"],
		["waiting", isTrue(filter.waiting) ? "Needs reply (over 24 h)" : "No reply needed"],
		["unread", isTrue(filter.unread) ? "Unread" : "Read"],
		["untagged", isTrue(filter.untagged) ? "Untagged" : "Tagged"],
		["platform", filter.platform === "instagram" ? "Instagram" : "Messenger"],
		["ad_id", `Ad ${filter.ad_id}`],
		["q", filter.q],
		[
			"last_message_from",
			filter.last_message_from === "page" ? "Answered last by you" : "Customer wrote last",
		],
		["has_attachment", ATTACHMENTS[filter.has_attachment] ?? `With ${filter.has_attachment}`],
		["search_in", PLACES[filter.search_in]],
		["startDate", `From ${filter.startDate}${zone}`],
		["endDate", `Until ${filter.endDate}${zone}`],
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
	return filter.search ? `“${filter.search}”` : "Filtered";
}
