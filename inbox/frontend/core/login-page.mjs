// The login page: who sees it may have logged out, so the other tabs check their session.
// It does not import session.mjs, which is for pages of signed-in users.

import "./time-zone.mjs";

new BroadcastChannel("inbox-session").postMessage("check");
