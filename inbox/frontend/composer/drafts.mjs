// Drafts are kept on the server, so that an answer that was begun on the phone goes on at the desk. They are sent there a
// moment after the last key, and at once when the conversation or the page is left.

const DELAY_MS = 1000;

/**
 * `save(id, draft, {isLeaving})`: resolves when the server has it. `onError(error)`: it has not; the next change tries again.
 * @param {(id: number, draft: any, options: {isLeaving: boolean}) => Promise<unknown>} save
 * @param {(error: Error) => unknown} [onError]
 */
export function createDrafts(save, onError = () => {}, delay = DELAY_MS) {
	/** @type {Map<number, {draft: any, timer: any}>} what the server does not have yet */
	const waiting = new Map();
	/** @type {Set<number>} those on their way to it */
	const saving = new Set();
	/** @type {Promise<unknown>} */
	let last = Promise.resolve(); // one after the other: a slow one must not replace a newer one

	function store(id, isLeaving) {
		const { draft, timer } = waiting.get(id) ?? {};
		if (!draft) return last;
		clearTimeout(timer);
		waiting.delete(id);
		saving.add(id);
		const run = () =>
			save(id, draft, { isLeaving })
				.then(() => {}, onError)
				.finally(() => saving.delete(id));
		last = isLeaving ? run() : last.then(run);
		return last;
	}

	return {
		/** @param {number} id of the conversation @param {any} draft */
		change(id, draft) {
			clearTimeout(waiting.get(id)?.timer);
			waiting.set(id, { draft, timer: setTimeout(() => store(id, false), delay) });
		},
		/** Is there something that the server does not have yet? */
		isWaiting: (id) => waiting.has(id) || saving.has(id),
		/** Sends the draft now. */
		flush: (id) => store(id, false),
		/** Sends all drafts while the page is left. */
		leave: () => Promise.all([...waiting.keys()].map((id) => store(id, true))),
	};
}
