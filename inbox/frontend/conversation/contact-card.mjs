// The contact card: who the customer is, and conversations that may be the same person's.

import { get } from "../core/api.mjs";
import { openDialog } from "../core/dialog.mjs";
import { button, h } from "../core/dom.mjs";
import { displayName, formatDateTime, plural } from "../core/format.mjs";
import { findPage, state } from "../core/store.mjs";
import { toUrl } from "../core/url.mjs";

const PLATFORMS = { messenger: "Messenger", instagram: "Instagram" };

export async function showContact(row) {
	const { contact } = await get(`/api/conversations/${row.id}/contact`);
	return openDialog("Contact", (close) => [
		h("h2", h("bdi", displayName(row))),
		h(
			"dl.facts",
			facts(row, contact).map(([name, value]) => [h("dt", name), h("dd", value)]),
		),
		contact.similar.length > 0 && similar(contact.similar, close),
		h(
			"div.dialog-buttons",
			button("Close", () => close(), "button", { autofocus: true }),
		),
	]);
}

function facts(row, contact) {
	const { received, sent, unknown, referral } = contact;
	const numbers = [`${plural(received, "message")} from the customer`, `${sent} from the Page`];
	if (unknown) numbers.push(`${unknown} of unknown sender`);
	const [id, ...otherIds] = contact.ids;
	return [
		["Page", findPage(row.page_id)?.name ?? row.page_id],
		["Platform", PLATFORMS[row.platform]],
		["Facebook ID", id],
		["Further IDs", otherIds.join(", ")],
		["Facebook ID of the conversation", contact.graph_id],
		["First message", formatDateTime(contact.first_message_time)],
		["Last message", formatDateTime(contact.last_message_time)],
		["Messages", numbers.join(", ")],
		["Came by", referral && cameBy(referral)],
		["Can be answered", contact.can_reply ? "Yes" : "No, Facebook says"],
	].filter(([, value]) => value);
}

function cameBy({ ad_id: ad, ad_title: title, ref, source }) {
	if (ad) return ["Ad ", h("bdi", title || ad)];
	return h("bdi", ref || source || "");
}

function similar(rows, close) {
	const items = rows.map((row) => {
		const href = toUrl({ filter: state.filter, openId: row.id });
		const link = { href, "data-navigate": "", onclick: () => close() };
		const place = [findPage(row.page_id)?.name, PLATFORMS[row.platform]].filter(Boolean).join(" · ");
		return h(
			"li",
			h("a", link, h("bdi", displayName(row))),
			h("span.quiet", `${place} · ${formatDateTime(row.last_message_time)}`),
		);
	});
	return h("section", h("h3", "May be the same person"), h("ul.records", items));
}
