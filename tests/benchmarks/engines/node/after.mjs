// The optimized version: 100 conversations per batch, one upsert for all of them, then all their messages in chunks
// of 500. Each statement is a transaction of its own, one after the other. With PREFETCH=1 the next batch is asked for
// while one is written, which its description does not do.

import { Application } from "./replaced.mjs";

const CONVERSATIONS_PER_BATCH = 100;
const EVENTS_PER_CHUNK = 500;
const prefetches = process.env.PREFETCH === "1";

async function sync(application) {
	let batch = application.ask(CONVERSATIONS_PER_BATCH);
	while (batch) {
		const { data, paging } = await batch;
		const after = paging?.next && paging.cursors.after;
		const ask = () => after && application.ask(CONVERSATIONS_PER_BATCH, after);
		batch = prefetches && ask();
		await save(application, data);
		batch ||= ask();
	}
}

async function save(application, conversations) {
	const rows = conversations.map((conversation) => application.conversationRow(conversation));
	const ids = await application.upsert(rows);
	const events = conversations.flatMap((conversation, number) =>
		application.eventRows(conversation, ids.get(rows[number][1])),
	);
	for (let start = 0; start < events.length; start += EVENTS_PER_CHUNK)
		await application.insertEvents(events.slice(start, start + EVENTS_PER_CHUNK));
}

await new Application(JSON.parse(process.env.BENCHMARK_TASK)).run(sync);
