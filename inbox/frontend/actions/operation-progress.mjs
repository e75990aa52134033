// Follows an action on very many conversations, which the server does in slices, until it has ended.

import { get, post } from "../core/api.mjs";
import { notifyChanged } from "../core/refresh.mjs";
import { gettext } from "../core/texts.mjs";
import { showError, showProgress } from "../core/toast.mjs";

const INTERVAL_MS = 1000;
const ACTIVE = ["queued", "running"];

/** `operation`: the answer 202, or a later state. Resolves with its end; null if it is no longer visible. */
export async function followOperation(operation, prefix = "") {
	const path = `/api/acts/${operation.act}`;
	const cancel = () => post(`${path}/cancel`).catch(showError);
	const progress = showProgress(prefix + operation.message, operation.matched, [gettext("Cancel"), cancel]);
	try {
		return await untilEnded(operation, path, (state) =>
			progress.update(prefix + state.message, state.processed),
		);
	} catch (error) {
		return void showError(error);
	} finally {
		progress.close();
		notifyChanged();
	}
}

async function untilEnded(operation, path, onProgress) {
	let state = operation;
	while (ACTIVE.includes(state.state)) {
		await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
		state = await get(path).catch((error) => {
			if (error.status && error.status < 500) throw error;
			return state; // the server is away for a moment
		});
		onProgress(state);
	}
	return state;
}
