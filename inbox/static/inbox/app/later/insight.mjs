// Numbers of what the filter shows: when people write, how quickly they are answered, about what.

import { asked } from "../address.mjs";
import { get, isAborted } from "../api.mjs";
import { byId, button, fill, h, iconButton } from "../dom.mjs";
import { go, state } from "../state.mjs";
import { duration, number, plural } from "../words.mjs";
import { bars, heatMap, lines } from "./charts.mjs";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const TAGS_SHOWN = 12;

let question = null;

export async function drawInsight() {
  question?.abort();
  question = new AbortController();
  const pane = byId("insight");
  fill(pane, heading(), h("p.state-words", { role: "status" }, "Counting …"));
  try {
    const { insight } = await get("/api/insight", asked(state.filter), { signal: question.signal });
    fill(pane, heading(), insight.conversations ? content(insight) : h("p.state-words", "Nothing matches: there is nothing to count."));
  } catch (error) {
    if (!isAborted(error)) fill(pane, heading(), h("div.state-words", h("p.fault", error.message), button("Try again", drawInsight)));
  }
}

function heading() {
  return h("header.talk-bar", iconButton("back", "Back to the list", () => go({ insight: false })), h("h2", "Numbers"));
}

function content({ from, to, timeZone, days, hours, tags, replies, conversations, isExact }) {
  return h(
    "div.insight-body",
    { tabindex: 0, role: "region", "aria-label": "Numbers" },
    h("p.quiet", `${isExact ? "" : "About "}${plural(conversations, "conversation")} · ${from} to ${to} · ${timeZone}`),
    card("Messages a day", legend(), messages(days)),
    card("When customers write", busiest(hours), heatMap(hours, DAYS)),
    card("Until the answer", replyWords(replies), answers(replies)),
    tags.length > 0 && card("Tags", null, bars(tags.slice(0, TAGS_SHOWN).map(({ tag, conversations: value }) => ({ name: tag.name, color: tag.color, value })))),
  );
}

function card(name, words, drawing) {
  return h("section.card", h("h3", name), words, drawing);
}

const sum = (rows, name) => rows.reduce((all, row) => all + row[name], 0);

function legend() {
  return h("p.legend.quiet", h("span.key.received"), "received ", h("span.key.sent"), "sent");
}

function messages(days) {
  const [received, sent] = [sum(days, "received"), sum(days, "sent")];
  const series = ["received", "sent"].map((name) => ({ className: name, values: days.map((day) => day[name]) }));
  return lines(series, { label: `${number(received)} messages received and ${number(sent)} sent in ${days.length} days` });
}

function busiest(hours) {
  const highest = Math.max(...hours.flat());
  if (!highest) return h("p.quiet", "Nobody wrote in this time.");
  const day = hours.findIndex((counts) => counts.includes(highest));
  const hour = hours[day].indexOf(highest);
  return h("p.quiet", `Most on ${DAYS[day]} from ${hour}:00 to ${hour + 1}:00.`);
}

function replyWords(replies) {
  const last = replies.filter(({ seconds }) => seconds !== null).at(-1);
  return h("p.quiet", last ? `Half of the answers came within ${duration(last.seconds)} in the week of ${last.week}.` : "No answers in this time.");
}

function answers(replies) {
  if (!replies.some(({ seconds }) => seconds !== null)) return null;
  const label = `Median time to the answer, by week: ${replies.map(({ week, seconds }) => `${week} ${seconds === null ? "none" : duration(seconds)}`).join(", ")}`;
  return lines([{ className: "sent", values: replies.map(({ seconds }) => seconds) }], { label, unit: duration });
}
