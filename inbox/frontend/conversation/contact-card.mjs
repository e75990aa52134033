// The contact card: who the customer is, and conversations that may be the same person's.

import { get } from "../core/api.mjs";
import { openDialog } from "../core/dialog.mjs";
import { button, h } from "../core/dom.mjs";
import { displayName, formatDateTime, plural } from "../core/format.mjs";
import { findPage, state } from "../core/store.mjs";
import { gettext, gettextParts } from "../core/texts.mjs";
import { timeZone } from "../core/time-zone.mjs";
import { toUrl } from "../core/url.mjs";
import { ANSWERS, answerChart, EXPLANATION, receivedChart } from "../insight/contact-times.mjs";

const PLATFORMS = { messenger: "Messenger", instagram: "Instagram" };

export async function showContact(row) {
	const path = `/api/conversations/${row.id}`;
	const [{ contact }, { contactTimes }] = await Promise.all([
		get(`${path}/contact`),
		get(`${path}/contact-times`, { tz: timeZone }),
	]);
	const content = (close) => [
		// It has the focus: the button at the end would scroll what is above it out of view.
		h("h2", { tabindex: -1, autofocus: true }, h("bdi", displayName(row))),
		h(
			"dl.facts",
			facts(row, contact).map(([name, value]) => [h("dt", name), h("dd", value)]),
		),
		times(contactTimes),
		contact.similar.length > 0 && similar(contact.similar, close),
		h(
			"div.dialog-buttons",
			button(gettext("Close"), () => close()),
		),
	];
	return openDialog(gettext("Contact"), content, "dialog.contact");
}

function facts(row, contact) {
	const { received, sent, unknown, referral } = contact;
	const numbers = [
		plural(received, "%(count)s message from the customer", "%(count)s messages from the customer"),
		gettext("%(sent)s from the Page", { sent }),
	];
	if (unknown) numbers.push(gettext("%(unknown)s of unknown sender", { unknown }));
	const [id, ...otherIds] = contact.ids;
	return [
		[gettext("Page"), findPage(row.page_id)?.name ?? row.page_id],
		[gettext("Platform"), PLATFORMS[row.platform]],
		[gettext("Facebook ID"), id],
		[gettext("Further IDs"), otherIds.join(", ")],
		[gettext("Facebook ID of the conversation"), contact.graph_id],
		[gettext("First message"), formatDateTime(contact.first_message_time)],
		[gettext("Last message"), formatDateTime(contact.last_message_time)],
		[gettext("Messages"), numbers.join(", ")],
		[gettext("Came by"), referral && cameBy(referral)],
		[gettext("Can be answered"), contact.can_reply ? gettext("Yes") : gettext("No, Facebook says")],
	].filter(([, value]) => value);
}

function cameBy({ ad_id: ad, ad_title: title, ref, source }) {
	if (ad) return gettextParts("Ad %(name)s", { name: h("bdi", title || ad) });
	return h("bdi", ref || source || "");
}

function times({ received, answers, minimum, since, timeZone: zone }) {
	const date = formatDateTime(since);
	return h(
		"section.contact-times",
		h("h3", gettext("Best time to contact")),
		since && h("p.quiet", gettext("Since %(date)s, in the time zone %(zone)s.", { date, zone })),
		h("h4", gettext("When this person writes")),
		receivedChart(received, minimum),
		h("h4", ANSWERS),
		answerChart(answers, minimum),
		h("p.quiet", EXPLANATION),
	);
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
	return h("section", h("h3", gettext("May be the same person")), h("ul.records", items));
}
