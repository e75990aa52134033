// Numbers of what the filter shows: when people write, how quickly they are answered, about what.

import { asked } from "../address.mjs";
import { get, isAborted } from "../api.mjs";
import { byId, button, fill, h, iconButton } from "../dom.mjs";
import { go, store } from "../state.mjs";
import { duration, number, plural } from "../words.mjs";
import { bars, heatMap, lines } from "./charts.mjs";

const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const TAGS_SHOWN = 12;

let question = null;

export async function drawInsight() {
  question?.abort();
  question = new AbortController();
  const pane = byId("insight");
  fill(pane, heading(), h("p", { class: "state-words", role: "status" }, "Counting …"));
  try {
    const { insight } = await get("/api/insight", asked(store.get().filter), { signal: question.signal });
    fill(pane, heading(), insight.conversations ? content(insight) : h("p", { class: "state-words" }, "Nothing matches: there is nothing to count."));
  } catch (error) {
    if (!isAborted(error)) fill(pane, heading(), h("div", { class: "state-words" }, h("p", { class: "fault" }, error.message), button("Try again", drawInsight)));
  }
}

function heading() {
  return h("header", { class: "talk-bar" }, iconButton("back", "Back to the list", () => go({ insight: false })), h("h2", {}, "Numbers"));
}

function content({ from, to, timeZone, days, hours, tags, replies, conversations, isExact }) {
  return h(
    "div",
    { class: "insight-body", tabindex: 0, role: "region", "aria-label": "Numbers" },
    h("p", { class: "quiet" }, `${isExact ? "" : "About "}${plural(conversations, "conversation")} · ${from} to ${to} · ${timeZone}`),
    card("Messages a day", legend(), messages(days)),
    card("When customers write", busiest(hours), heatMap(hours, DAYS)),
    card("Until the answer", replyWords(replies), answers(replies)),
    tags.length > 0 && card("Tags", null, bars(tags.slice(0, TAGS_SHOWN).map(({ tag, conversations: value }) => ({ name: tag.name, color: tag.color, value })))),
  );
}

function card(name, words, drawing) {
  return h("section", { class: "card" }, h("h3", {}, name), words, drawing);
}

const sum = (rows, name) => rows.reduce((all, row) => all + row[name], 0);

function legend() {
  return h("p", { class: "legend quiet" }, h("span", { class: "key received" }), "received ", h("span", { class: "key sent" }), "sent");
}

function messages(days) {
  const [received, sent] = [sum(days, "received"), sum(days, "sent")];
  const series = ["received", "sent"].map((name) => ({ className: name, values: days.map((day) => day[name]) }));
  return lines(series, { label: `${number(received)} messages received and ${number(sent)} sent in ${days.length} days` });
}

function busiest(hours) {
  const highest = Math.max(...hours.flat());
  if (!highest) return h("p", { class: "quiet" }, "Nobody wrote in this time.");
  const day = hours.findIndex((counts) => counts.includes(highest));
  const hour = hours[day].indexOf(highest);
  return h("p", { class: "quiet" }, `Most on ${DAYS[day]} from ${hour}:00 to ${hour + 1}:00.`);
}

function replyWords(replies) {
  const last = replies.filter(({ seconds }) => seconds !== null).at(-1);
  return h("p", { class: "quiet" }, last ? `Half of the answers came within ${duration(last.seconds)} in the week of ${last.week}.` : "No answers in this time.");
}

function answers(replies) {
  if (!replies.some(({ seconds }) => seconds !== null)) return null;
  const label = `Median time to the answer, by week: ${replies.map(({ week, seconds }) => `${week} ${seconds === null ? "none" : duration(seconds)}`).join(", ")}`;
  return lines([{ className: "sent", values: replies.map(({ seconds }) => seconds) }], { label, unit: duration });
}
