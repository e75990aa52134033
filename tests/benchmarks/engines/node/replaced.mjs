// What both versions of the replaced application in Node have in common: its calls to Graph, its rows and its
// statements. They are those of ../replaced.py, with the driver that such an application uses (pg).

import { readFileSync } from "node:fs";
import { Agent, get } from "node:http";
import pg from "pg";

const TABLES = readFileSync(new URL("../replaced.sql", import.meta.url), "utf8");
const CONVERSATION_COLUMNS = [
	"page_id",
	"sender_id",
	"sender_name",
	"last_message",
	"last_message_time",
	"message_count",
	"unread_count",
	"can_reply",
];
const EVENT_COLUMNS = ["conversation_id", "kind", "graph_id", "occurred_at", "text", "attachments", "data"];
const UPSERT = `ON CONFLICT (page_id, sender_id) DO UPDATE SET
	sender_name = excluded.sender_name, last_message = excluded.last_message,
	last_message_time = excluded.last_message_time, message_count = excluded.message_count,
	unread_count = excluded.unread_count, can_reply = excluded.can_reply, updated_at = now()
	RETURNING id, sender_id, page_id, created_at, updated_at`;

// One Page and one connection. Each statement commits, as over the HTTP interface of its database.
export class Application {
	constructor(task) {
		this.task = task;
		this.client = new pg.Client(task.database);
		this.agent = new Agent({ keepAlive: true });
		this.events = 0;
	}

	// Run the sync, print its result and end the process.
	async run(sync) {
		await this.client.connect();
		await this.client.query(TABLES);
		await sync(this);
		await this.client.end();
		this.agent.destroy();
		console.log(JSON.stringify({ events: this.events }));
	}

	// Return one answer of Graph; `after` is the cursor of the answer before.
	async ask(size, after) {
		const { graph_url, page_id, fields } = this.task;
		const parameters = new URLSearchParams({ fields, platform: "messenger", limit: size });
		if (after) parameters.set("after", after);
		return JSON.parse(await this.read(`${graph_url}/v26.0/${page_id}/conversations?${parameters}`));
	}

	read(url) {
		const options = { agent: this.agent, headers: { Authorization: `Bearer ${this.task.token}` } };
		return new Promise((resolve, reject) => {
			const call = get(url, options, (response) => {
				const chunks = [];
				response.on("data", (chunk) => chunks.push(chunk));
				response.on("error", reject);
				response.on("end", () => {
					const body = Buffer.concat(chunks).toString();
					if (response.statusCode === 200) resolve(body);
					else reject(new Error(`Graph answered ${response.statusCode}: ${body}`));
				});
			});
			call.on("error", reject);
		});
	}

	conversationRow(conversation) {
		const customer = this.customer(conversation);
		const newest = messagesOf(conversation)[0] ?? {};
		return [
			this.task.page_id,
			customer.id,
			customer.name ?? "",
			newest.message || (conversation.snippet ?? ""),
			newest.created_time || conversation.updated_time,
			conversation.message_count ?? 0,
			conversation.unread_count ?? 0,
			conversation.can_reply ?? true,
		];
	}

	// Return the person who is not the Page: from the participants, or else from the messages.
	customer(conversation) {
		const isCustomer = (person) => person && person.id !== this.task.page_id;
		const listed = conversation.participants.data.find(isCustomer);
		if (listed) return listed;
		const messages = messagesOf(conversation);
		const named = messages.map((message) => message.from);
		return named.concat(messages.flatMap((message) => message.to?.data ?? [])).find(isCustomer);
	}

	eventRows(conversation, conversationId) {
		return messagesOf(conversation)
			.map((message) => this.eventRow(message, conversationId))
			.reverse();
	}

	eventRow({ id, message, attachments, ...rest }, conversationId) {
		const sent = rest.from?.id === this.task.page_id;
		return [
			conversationId,
			sent ? "message_sent" : "message_received",
			id,
			rest.created_time,
			message ?? "",
			JSON.stringify(attachments?.data ?? []),
			JSON.stringify(rest),
		];
	}

	// Write with one statement. Return the id of the conversation of each sender.
	async upsert(rows) {
		const { rows: stored } = await this.insert("messenger_conversations", CONVERSATION_COLUMNS, rows, UPSERT);
		return new Map(stored.map((row) => [row.sender_id, row.id]));
	}

	// Write with one statement.
	async insertEvents(rows) {
		await this.insert("contact_interaction_events", EVENT_COLUMNS, rows);
		this.events += rows.length;
	}

	insert(table, columns, rows, end = "") {
		return this.client.query(statement(table, columns, rows.length, end), rows.flat());
	}
}

export function messagesOf(conversation) {
	return conversation.messages?.data ?? [];
}

const statements = new Map();

// Return an INSERT of this number of rows, made once.
function statement(table, columns, rows, end) {
	const key = `${table} ${rows}`;
	if (!statements.has(key)) {
		const row = (number) => columns.map((_, index) => `$${number * columns.length + index + 1}`);
		const values = Array.from({ length: rows }, (_, number) => `(${row(number).join()})`);
		statements.set(key, `INSERT INTO ${table} (${columns.join()}) VALUES ${values.join()} ${end}`);
	}
	return statements.get(key);
}
