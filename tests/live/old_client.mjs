// The client of the application that this one replaces, as it was written: no Content-Type, every chunk
// decoded and split by itself. Only a base address and the key are added where it calls fetch.
const [base, key, pageId, facebookPageId] = process.argv.slice(2);
const call = (path, options = {}) =>
	fetch(base + path, { ...options, headers: { Authorization: `Token ${key}` } });

async function sync() {
	const response = await call("/api/conversations/sync", {
		method: "POST",
		body: JSON.stringify({ pageId, facebookPageId }),
	});
	const result = await response.json();
	return { synced: result.synced, eventsCreated: result.eventsCreated };
}

async function syncStream() {
	const response = await call("/api/conversations/sync-stream", {
		method: "POST",
		body: JSON.stringify({ pageId, facebookPageId }),
	});
	const reader = response.body.getReader();
	const decoder = new TextDecoder();
	const states = [];
	while (true) {
		const { done, value } = await reader.read();
		if (done) break;
		const text = decoder.decode(value);
		for (const line of text.split("\n\n")) {
			if (line.startsWith("data: ")) states.push(JSON.parse(line.slice(6)));
		}
	}
	return states;
}

async function list() {
	const params = new URLSearchParams({
		page: "1",
		limit: "50",
		facebookPageId,
		include_tags: "vip",
		exclude_tags: "spam",
		search: "John",
		startDate: "2024-01-01",
		endDate: "2099-12-31",
	});
	const response = await call(`/api/conversations?${params}`);
	const { conversations, pagination } = await response.json();
	return { names: conversations.map((row) => row.sender_name), pagination };
}

console.log(JSON.stringify({ states: await syncStream(), again: await sync(), list: await list() }));
