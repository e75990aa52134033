// The time zone of the browser: days and times are shown and filtered in it. A cookie tells it to the pages that
// the server draws; the first of them is drawn again.

export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const COOKIE = `time_zone=${timeZone}`;
const YEAR_SECONDS = 31_536_000;
const isStored = () => document.cookie.split("; ").includes(COOKIE);

if (globalThis.document && !isStored()) {
	const secure = location.protocol === "https:" ? "; secure" : "";
	// biome-ignore lint/suspicious/noDocumentCookie: browsers have no other way without HTTPS
	document.cookie = `${COOKIE}; path=/; max-age=${YEAR_SECONDS}; samesite=lax${secure}`;
	const drawn = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="time-zone"]'));
	if (isStored() && drawn && drawn.content !== timeZone) location.reload();
}
