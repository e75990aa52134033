// The end of the session, for all tabs of this browser: names and messages leave the screen at once.
//
// Every page of a signed-in user loads this module. The page that logs out tells the others; the login page, which
// follows each logout, asks them to check; and a tab whose event stream breaks off checks by itself.

/** The key of the browser's storage under which searches are remembered: names of customers. */
export const SEARCHES = "inbox-searches";

const ENDED = "ended";
const UNAUTHORIZED = 401;
const channel = new BroadcastChannel("inbox-session");

channel.addEventListener("message", ({ data }) => (data === ENDED ? leave() : checkSession()));

/** Leaves this page and those of the other tabs. */
export function endSession(address) {
	channel.postMessage(ENDED);
	leave(address);
}

/** Asks the server whether the session goes on; if not, all tabs leave. */
export async function checkSession() {
	const response = await fetch("/api/pages", { headers: { Accept: "application/json" } }).catch(() => null);
	if (response?.status === UNAUTHORIZED) endSession();
}

// The address that the user returns to after the next login is the present one.
function leave(address = `/login?next=${encodeURIComponent(location.pathname + location.search)}`) {
	localStorage.removeItem(SEARCHES);
	document.documentElement.style.display = "none"; // the next page takes a moment
	document.title = "Inbox";
	location.replace(address);
}
