// Marks the open conversation as read.

import { post } from "../core/api.mjs";
import { isHidden, watchVisibility } from "../core/event-stream.mjs";
import { marksAsRead } from "../core/preferences.mjs";
import { findPage, hasRole, setConversation, state, when } from "../core/store.mjs";
import { updateRows } from "../list/list-loader.mjs";

// What the user marks as unread stays so until the conversation is opened again, or a message comes.
const seen = { id: null, time: null };

export function startReading() {
	when(
		({ conversation }) => [conversation?.id, conversation?.status, conversation?.row?.last_message_time],
		readOpen,
	);
	watchVisibility({ onChange: readOpen, onLeave: () => {} });
}

async function readOpen() {
	const { id, status, row } = state.conversation ?? {};
	if (!id) seen.id = null;
	if (status !== "ready" || isHidden() || !marksAsRead()) return;
	if (seen.id === id && seen.time === row.last_message_time) return;
	Object.assign(seen, { id, time: row.last_message_time });
	if (row.unread_count === 0 || !hasRole("tagger", findPage(row.page_id))) return;
	try {
		const { conversation } = await post(`/api/conversations/${id}/read`);
		updateRows([id], () => ({ unread_count: conversation.unread_count }));
		if (state.conversation?.id !== id) return;
		setConversation({ row: { ...state.conversation.row, unread_count: conversation.unread_count } });
	} catch {
		seen.id = null; // the next look at it tries again
	}
}
