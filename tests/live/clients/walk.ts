// A program with a typed client: list, tag, undo, sync, export and stream. Prints one line for each.
import createClient from "openapi-fetch";
import type { paths } from "./inbox";

const [baseUrl = "", token = ""] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Token ${token}` } });

function dataOf<T>(answer: { data?: T; error?: unknown; response: Response }): T {
	if (answer.data !== undefined) return answer.data;
	throw new Error(`${answer.response.url}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
}

// list
const query = { limit: 3, untagged: "true" as const };
const first = dataOf(await client.GET("/api/conversations", { params: { query } }));
const cursor = first.pagination.nextCursor ?? "";
const next = dataOf(await client.GET("/api/conversations", { params: { query: { ...query, cursor } } }));
const ids: number[] = [...first.conversations, ...next.conversations].map(({ id }) => id);
console.log("listed", new Set(ids).size, typeof first.conversations[0]?.last_message_time);

// tag and undo
const { tag } = dataOf(await client.POST("/api/tags", { body: { name: "Typed" } }));
const bulk = { tagIds: [tag.id], action: "assign" as const };
const byFilter = { filter: { untagged: true, include_mode: "any" }, ...bulk, dry_run: true };
console.log("would tag", (dataOf(await client.POST("/api/conversations/bulk-tags", { body: byFilter })).matched ?? 0) > 6);
const tagged = dataOf(await client.POST("/api/conversations/bulk-tags", { body: { conversationIds: ids, ...bulk } }));
console.log("tagged", tagged.changed);
const id = ids[0] ?? 0;
const path = { params: { path: { id } } };
console.log("tag", dataOf(await client.GET("/api/conversations/{id}/tags", path)).tags[0]?.tag.name);
console.log("event", dataOf(await client.GET("/api/conversations/{id}/events", path)).events[0]?.data.name);
const undo = await client.POST("/api/acts/{act}/undo", { params: { path: { act: tagged.act ?? "" } } });
console.log("untagged", dataOf(undo).changed);
dataOf(await client.POST("/api/views", { body: { name: "Typed", query: { untagged: true } } }));

// sync
const body = { facebookPageId: "900000000000001" };
const params = { header: { Prefer: "respond-async" as const } };
const accepted = await client.POST("/api/conversations/sync", { body, params });
console.log("accepted", accepted.response.status, typeof dataOf(accepted).run);
console.log("synced", dataOf(await client.POST("/api/conversations/sync", { body })).status);

// export
const options = { params: { query: { untagged: "true" as const } }, parseAs: "blob" as const };
const blob: Blob = dataOf(await client.GET("/api/conversations/export", options));
const file = await blob.text();
console.log("exported", file.split("\r\n")[0]?.split(",").slice(0, 2).join());

// streams
const run = await client.POST("/api/conversations/sync-stream", { body, parseAs: "stream" });
let text = "";
for await (const part of dataOf(run)?.pipeThrough(new TextDecoderStream()) ?? []) text += part;
const states = text.split("\n\n").filter(Boolean);
console.log("streamed", JSON.parse(states.at(-1)?.slice("data: ".length) ?? "{}").status);
const events = await client.GET("/api/events", { parseAs: "stream" });
const reader = dataOf(events)?.getReader();
console.log("events", new TextDecoder().decode((await reader?.read())?.value).trim());
await reader?.cancel();
