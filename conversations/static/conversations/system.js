// The page System: no event tells that time has passed, so its parts are read again every few seconds.

import { invalidate } from "/static/inbox/app/core/refresh.mjs";

const INTERVAL_MS = 10_000;

setInterval(() => {
	if (document.visibilityState === "visible") invalidate();
}, INTERVAL_MS);
