// A state that views watch. Views show it, effects follow from it; changes in one task cause one draw.

/**
 * `onChange(state)`: gets each new state at once.
 * @template {Record<string, any>} State
 * @param {State} initial @param {(state: State) => void} [onChange]
 */
export function createState(initial, onChange = () => {}) {
	let state = initial;
	let [isScheduled, isHeld, isDrawing] = [false, false, false];
	/** @type {(() => void)[]} */
	const views = [];
	/** @type {(() => void)[]} */
	const effects = [];

	/** Changes parts of the state. @param {Partial<State>} change */
	function set(change) {
		const names = Object.keys(change);
		if (isDrawing) throw new Error(`A view sets ${names} while it is drawn: use when(), not watch().`);
		const unknown = names.filter((name) => !(name in initial));
		if (unknown.length) throw new Error(`The state has no ${unknown}.`);
		state = { ...state, ...change };
		onChange(state);
		schedule();
	}

	function schedule() {
		if (!isScheduled) queueMicrotask(flush);
		isScheduled = true;
	}

	function flush() {
		if (isHeld) return;
		isScheduled = false;
		isDrawing = true;
		views.forEach(attempt);
		isDrawing = false;
		effects.forEach(attempt);
	}

	/** @param {(state: State) => unknown[]} select @param {(state: State) => unknown} run */
	function follow(select, run) {
		/** @type {unknown[] | null} */
		let before = null;
		return () => {
			const parts = select(state);
			if (!Array.isArray(parts)) throw new Error(`A watcher selects no list of parts: ${select}`);
			const isSame =
				before?.length === parts.length && parts.every((part, n) => Object.is(part, before?.[n]));
			before = parts;
			if (!isSame) run(state);
		};
	}

	return {
		set,
		/**
		 * Draws a view: now, and whenever one of the selected parts is another. It must not set the state.
		 * @param {(state: State) => unknown[]} select @param {(state: State) => unknown} draw
		 */
		watch(select, draw) {
			views.push(follow(select, draw));
			schedule();
		},
		/**
		 * Does what follows from the selected parts: now, and after the views whenever one of them is another.
		 * @param {(state: State) => unknown[]} select @param {(state: State) => unknown} run
		 */
		when(select, run) {
			effects.push(follow(select, run));
			schedule();
		},
		/** Nothing is drawn until `release`. */
		hold() {
			isHeld = true;
		},
		release() {
			isHeld = false;
			if (isScheduled) flush();
		},
	};
}

// A view that fails is told to the browser, and the others are drawn.
/** @param {() => void} run */
function attempt(run) {
	try {
		run();
	} catch (error) {
		reportError(error);
	}
}
