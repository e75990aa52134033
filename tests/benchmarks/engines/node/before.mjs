// The first version: 50 conversations per batch, for each of them one upsert and then one insert of its messages.
// Each statement is a transaction of its own, one after the other.

import { Application } from "./replaced.mjs";

const CONVERSATIONS_PER_BATCH = 50;

async function sync(application) {
	let after;
	do {
		const { data, paging } = await application.ask(CONVERSATIONS_PER_BATCH, after);
		for (const conversation of data) await save(application, conversation);
		after = paging?.next && paging.cursors.after;
	} while (after);
}

async function save(application, conversation) {
	const row = application.conversationRow(conversation);
	const ids = await application.upsert([row]);
	const events = application.eventRows(conversation, ids.get(row[1]));
	if (events.length) await application.insertEvents(events);
}

await new Application(JSON.parse(process.env.BENCHMARK_TASK)).run(sync);
