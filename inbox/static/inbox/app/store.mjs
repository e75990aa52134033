// The one state of the page. Who draws subscribes; changes of one moment are drawn once.

export function createStore(state) {
  const drawers = [];
  let isDue = false;

  function draw() {
    isDue = false;
    for (const drawer of drawers) drawer(state);
  }

  return {
    get: () => state,
    set(change) {
      state = { ...state, ...change };
      if (!isDue) queueMicrotask(draw);
      isDue = true;
    },
    subscribe: (drawer) => drawers.push(drawer),
  };
}

/** A drawer that is only called when something that it names has changed. */
export function whenChanged(parts, drawer) {
  let before = [];
  return (state) => {
    const now = parts(state);
    if (now.length === before.length && now.every((part, at) => Object.is(part, before[at]))) return;
    before = now;
    drawer(state);
  };
}
