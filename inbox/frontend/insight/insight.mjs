// The insights of the filtered conversations: messages per day, busiest hours, first reply times, tags and ads.

import { get, isAborted } from "../core/api.mjs";
import { button, fill, h, iconButton } from "../core/dom.mjs";
import { formatDuration, formatNumber, plural } from "../core/format.mjs";
import { closeOpen, state } from "../core/store.mjs";
import { timeZone } from "../core/time-zone.mjs";
import { toParameters } from "../core/url.mjs";
import { bars, heatMap, lineChart } from "./charts.mjs";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MAX_TAGS = 12;
const WORKLOAD = "Conversations assigned to each member, and the median first reply time in them.";

let controller = null;

export async function drawInsight() {
	controller?.abort();
	controller = new AbortController();
	fill("insight", heading(), h("p.state-message", { role: "status" }, "Loading…"));
	try {
		const query = { tz: timeZone, ...toParameters(state.filter) };
		const { insight } = await get("/api/insight", query, { signal: controller.signal });
		const empty = h("p.state-message", "No results");
		fill("insight", heading(), insight.conversations ? content(insight) : empty);
	} catch (error) {
		if (isAborted(error)) return;
		const retry = button("Try again", drawInsight);
		fill("insight", heading(), h("div.state-message", h("p.error", error.message), retry));
	}
}

function heading() {
	const back = iconButton("back", "Back to the list", closeOpen);
	return h("header.conversation-bar", back, h("h2", "Insights"));
}

function content(insight) {
	const { from, to, timeZone, days, hours, tags, ads, replies, members, conversations, isExact } = insight;
	const total = `${isExact ? "" : "About "}${plural(conversations, "conversation")}`;
	return h(
		"div.insight-body",
		{ tabindex: 0, role: "region", "aria-label": "Charts" },
		h("p.quiet", `${total} · ${from} to ${to} · ${timeZone}`),
		h("p.quiet", waitingText(insight)),
		card("Messages per day", legend(), messagesChart(days)),
		card("Busiest hours", busiestHour(hours), heatMap(hours, DAYS)),
		card("Median first reply time", latestReplyTime(replies), replyChart(replies)),
		tags.length > 0 && card("Tags", null, tagBars(tags)),
		members?.length > 0 && card("Team", h("p.quiet", WORKLOAD), memberTable(members)),
		ads.length > 0 && card("Ads", h("p.quiet", "Conversations that each ad brought."), adBars(ads)),
	);
}

// Customers who wait, apart from those of the past whose conversations were stored as done.
function waitingText({ waiting, unanswered }) {
	const past = unanswered ? ` ${plural(unanswered, "older conversation")} ended without one.` : "";
	return `${plural(waiting, "customer")} waiting for a reply.${past}`;
}

function memberTable(members) {
	const rows = members.map(({ id, name, open, closedToday, firstReplySeconds: seconds }) => {
		const reply = seconds === null ? "none yet" : formatDuration(seconds);
		const cells = [formatNumber(open), formatNumber(closedToday), reply].map((text) => h("td", text));
		return h("tr", { key: id }, h("th", { scope: "row" }, h("bdi", name)), cells);
	});
	const heads = ["Member", "Open", "Closed today", "First reply"].map((text) =>
		h("th", { scope: "col" }, text),
	);
	return h("table.team", h("thead", h("tr", heads)), h("tbody", rows));
}

function card(title, description, chart) {
	return h("section.card", h("h3", title), description, chart);
}

const sum = (rows, name) => rows.reduce((total, row) => total + row[name], 0);

function legend() {
	return h("p.legend.quiet", h("span.key.received"), "received ", h("span.key.sent"), "sent");
}

function messagesChart(days) {
	const [received, sent] = ["received", "sent"].map((name) => formatNumber(sum(days, name)));
	const series = ["received", "sent"].map((name) => ({
		className: name,
		values: days.map((day) => day[name]),
	}));
	const label = `${received} messages received and ${sent} sent in ${days.length} days`;
	return lineChart(series, { label });
}

function busiestHour(hours) {
	const highest = Math.max(...hours.flat());
	if (!highest) return h("p.quiet", "No messages from customers in this period.");
	const day = hours.findIndex((counts) => counts.includes(highest));
	const hour = hours[day].indexOf(highest);
	return h("p.quiet", `Most messages: ${DAYS[day]}, ${hour}:00 to ${hour + 1}:00.`);
}

function latestReplyTime(replies) {
	const latest = replies.filter(({ seconds }) => seconds !== null).at(-1);
	const text = latest
		? `${formatDuration(latest.seconds)} in the week of ${latest.week}.`
		: "No replies in this period.";
	return h("p.quiet", text);
}

function replyChart(replies) {
	if (!replies.some(({ seconds }) => seconds !== null)) return null;
	const weeks = replies.map(
		({ week, seconds }) => `${week} ${seconds === null ? "none" : formatDuration(seconds)}`,
	);
	const label = `Median first reply time by week: ${weeks.join(", ")}`;
	const values = replies.map(({ seconds }) => seconds);
	return lineChart([{ className: "sent", values }], { label, format: formatDuration });
}

function adBars(ads) {
	const rows = ads.map(({ ad, conversations }) => ({
		name: ad.title || `Ad ${ad.id}`,
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
