// The insights of the filtered conversations: messages per day, busiest hours, first reply times, tags and ads.

import { get, isAborted } from "../core/api.mjs";
import { button, fill, h, iconButton } from "../core/dom.mjs";
import { formatDuration, formatNumber, plural } from "../core/format.mjs";
import { closeOpen, state } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";
import { timeZone } from "../core/time-zone.mjs";
import { toParameters } from "../core/url.mjs";
import { bars, DAYS, heatMap, lineChart } from "./charts.mjs";
import { ANSWERS, answerChart, EXPLANATION } from "./contact-times.mjs";

const MAX_TAGS = 12;
const WORKLOAD = gettext("Conversations assigned to each member, and the median first reply time in them.");

let controller = null;

export async function drawInsight() {
	controller?.abort();
	controller = new AbortController();
	fill("insight", heading(), h("p.state-message", { role: "status" }, gettext("Loading…")));
	try {
		const query = { tz: timeZone, ...toParameters(state.filter) };
		const { insight } = await get("/api/insight", query, { signal: controller.signal });
		const empty = h("p.state-message", gettext("No results"));
		fill("insight", heading(), insight.conversations ? content(insight) : empty);
	} catch (error) {
		if (isAborted(error)) return;
		const retry = button(gettext("Try again"), drawInsight);
		fill("insight", heading(), h("div.state-message", h("p.error", error.message), retry));
	}
}

function heading() {
	const back = iconButton("back", gettext("Back to the list"), closeOpen);
	return h("header.conversation-bar", back, h("h2", gettext("Insights")));
}

function content(insight) {
	const { from, to, timeZone, days, hours, tags, ads, replies, members, conversations, isExact } = insight;
	const { answers, minimum } = insight.contactTimes;
	const exact = plural(conversations, "%(count)s conversation", "%(count)s conversations");
	const total = isExact ? exact : gettext("About %(conversations)s", { conversations: exact });
	return h(
		"div.insight-body",
		{ tabindex: 0, role: "region", "aria-label": gettext("Charts") },
		h("p.quiet", `${total} · ${gettext("%(from)s to %(to)s", { from, to })} · ${timeZone}`),
		h("p.quiet", waitingText(insight)),
		card(gettext("Messages per day"), legend(), messagesChart(days)),
		card(
			gettext("Busiest hours"),
			busiestHour(hours),
			heatMap(hours, gettext("Messages from customers by weekday and hour")),
		),
		card(ANSWERS, h("p.quiet", EXPLANATION), answerChart(answers, minimum)),
		card(gettext("Median first reply time"), latestReplyTime(replies), replyChart(replies)),
		tags.length > 0 && card(gettext("Tags"), null, tagBars(tags)),
		members?.length > 0 && card(gettext("Team"), h("p.quiet", WORKLOAD), memberTable(members)),
		ads.length > 0 &&
			card(gettext("Ads"), h("p.quiet", gettext("Conversations that each ad brought.")), adBars(ads)),
	);
}

// Customers who wait, apart from those of the past whose conversations were stored as done.
function waitingText({ waiting, unanswered }) {
	const now = plural(
		waiting,
		"%(count)s customer waiting for a reply.",
		"%(count)s customers waiting for a reply.",
	);
	const past = plural(
		unanswered,
		"%(count)s older conversation ended without one.",
		"%(count)s older conversations ended without one.",
	);
	return unanswered ? `${now} ${past}` : now;
}

function memberTable(members) {
	const rows = members.map(({ id, name, open, closedToday, firstReplySeconds: seconds }) => {
		const reply = seconds === null ? gettext("none yet") : formatDuration(seconds);
		const cells = [formatNumber(open), formatNumber(closedToday), reply].map((text) => h("td", text));
		return h("tr", { key: id }, h("th", { scope: "row" }, h("bdi", name)), cells);
	});
	const heads = [gettext("Member"), gettext("Open"), gettext("Closed today"), gettext("First reply")].map(
		(text) => h("th", { scope: "col" }, text),
	);
	return h("table.team", h("thead", h("tr", heads)), h("tbody", rows));
}

function card(title, description, chart) {
	return h("section.card", h("h3", title), description, chart);
}

const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);

function legend() {
	return h(
		"p.legend.quiet",
		h("span.key.received"),
		gettext("received"),
		" ",
		h("span.key.sent"),
		gettext("sent"),
	);
}

function messagesChart(days) {
	const [received, sent] = ["received", "sent"].map((name) => formatNumber(sum(days, name)));
	const series = ["received", "sent"].map((name) => ({
		className: name,
		values: days.map((day) => day[name]),
	}));
	const label = gettext("%(received)s messages received and %(sent)s sent in %(count)s days", {
		received,
		sent,
		count: days.length,
	});
	return lineChart(series, { label });
}

function busiestHour(hours) {
	const highest = Math.max(...hours.flat());
	if (!highest) return h("p.quiet", gettext("No messages from customers in this period."));
	const day = hours.findIndex((counts) => counts.includes(highest));
	const hour = hours[day].indexOf(highest);
	return h(
		"p.quiet",
		gettext("Most messages: %(day)s, %(from)s:00 to %(to)s:00.", {
			day: DAYS[day],
			from: hour,
			to: hour + 1,
		}),
	);
}

function latestReplyTime(replies) {
	const latest = replies.filter(({ seconds }) => seconds !== null).at(-1);
	const text = latest
		? gettext("%(duration)s in the week of %(week)s.", {
				duration: formatDuration(latest.seconds),
				week: latest.week,
			})
		: gettext("No replies in this period.");
	return h("p.quiet", text);
}

function replyChart(replies) {
	if (!replies.some(({ seconds }) => seconds !== null)) return null;
	const weeks = replies.map(
		({ week, seconds }) => `${week} ${seconds === null ? gettext("none") : formatDuration(seconds)}`,
	);
	const label = gettext("Median first reply time by week: %(weeks)s", { weeks: weeks.join(", ") });
	const values = replies.map(({ seconds }) => seconds);
	return lineChart([{ className: "sent", values }], { label, format: formatDuration });
}

function adBars(ads) {
	const rows = ads.map(({ ad, conversations }) => ({
		name: ad.title || gettext("Ad %(id)s", { id: ad.id }),
		value: conversations,
	}));
	return bars(rows.slice(0, MAX_TAGS));
}

function tagBars(tags) {
	const rows = tags.map(({ tag, conversations }) => ({
		name: tag.name,
		color: tag.color,
		value: conversations,
	}));
	return bars(rows.slice(0, MAX_TAGS));
}
