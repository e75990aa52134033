// Drafts are kept on the server, so that an answer begun on the phone goes on at the desk. They are sent a moment after
// the last key, and at once when the conversation or the page is left.

const DELAY_MS = 1000;

export const MAX_DRAFT = 10_000; // characters that the server keeps

/**
 * `save(id, draft, {isLeaving})`: resolves when the server has it. `onError(error)`: it has not; the next change tries again.
 * @param {(id: number, draft: any, options: {isLeaving: boolean}) => Promise<unknown>} save
 * @param {(error: Error) => unknown} [onError]
 */
export function createDrafts(save, onError = () => {}, delay = DELAY_MS) {
	/** @type {Map<number, {draft: any, timer: any, isQueued: boolean, isLeaving: boolean}>} not confirmed by the server */
	const unsaved = new Map();
	/** @type {Promise<unknown>} */
	let last = Promise.resolve(); // one after the other: a slow one must not replace a newer one

	async function send(id, entry, isLeaving) {
		clearTimeout(entry.timer);
		if (unsaved.get(id) !== entry || entry.isLeaving) return; // a newer one follows, or it is sent already
		entry.isLeaving = isLeaving;
		await save(id, entry.draft, { isLeaving }).catch(onError);
		if (unsaved.get(id) === entry) unsaved.delete(id);
	}

	function flush(id) {
		const entry = unsaved.get(id);
		if (!entry || entry.isQueued) return last;
		entry.isQueued = true;
		last = last.then(() => send(id, entry, false));
		return last;
	}

	return {
		/** @param {number} id of the conversation @param {any} draft */
		change(id, draft) {
			clearTimeout(unsaved.get(id)?.timer);
			const timer = setTimeout(() => flush(id), delay);
			unsaved.set(id, { draft, timer, isQueued: false, isLeaving: false });
		},
		/** Is there something that the server does not have yet? */
		isWaiting: (id) => unsaved.has(id),
		/** Sends the draft now. */
		flush,
		/** Sends all drafts while the page is left, also those on their way: the browser cancels their requests then. */
		leave() {
			const leaving = [...unsaved].map(([id, entry]) => send(id, entry, true));
			last = Promise.all([last, ...leaving]);
			return Promise.all(leaving);
		},
	};
}
