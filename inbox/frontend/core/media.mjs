// Pictures and players of attachments, on the inbox page and in the admin: loads them when they are near, tries
// again where there were too many at once, and says in their place why one cannot be had.

import { gettext } from "./texts.mjs";

const NEAR = "400px"; // of a video: its still picture is loaded this far ahead
const MAX_TRIES = 4;
const BUSY = [429, 503];
const MEDIA = ".media :is(img, video, audio)"; // within the root, or the root itself is one
const NOT_SHOWN = {
	IMG: gettext("This picture cannot be shown."),
	VIDEO: gettext("This video cannot be shown."),
	AUDIO: gettext("This recording cannot be shown."),
};

const near = new IntersectionObserver(onIntersect, { rootMargin: NEAR });
const tries = new WeakMap();

/** Watches the media within an element, once each. */
export function watchMedia(root) {
	for (const media of root.querySelectorAll(MEDIA)) {
		if (tries.has(media)) continue;
		tries.set(media, 0);
		media.addEventListener("error", onError);
		if (media.dataset.poster) near.observe(media);
		if (media.complete && media.naturalWidth === 0 && media.getAttribute("src"))
			onError({ currentTarget: media });
	}
}

function onIntersect(entries) {
	for (const { isIntersecting, target } of entries) {
		if (!isIntersecting) continue;
		near.unobserve(target);
		target.poster = target.dataset.poster;
	}
}

async function onError({ currentTarget: media }) {
	tries.set(media, tries.get(media) + 1);
	const { isBusy, seconds, reason } = await explain(media.currentSrc || media.src);
	if (isBusy && tries.get(media) < MAX_TRIES) {
		setTimeout(() => reload(media), 1000 * seconds * (1 + Math.random()));
	} else {
		replace(media, reason);
	}
}

function reload(media) {
	if (media.tagName === "IMG") media.src = media.getAttribute("src");
	else media.load();
}

/** Why the address does not give a file: the server says so in a sentence. */
async function explain(url) {
	try {
		const response = await fetch(url, { headers: { Range: "bytes=0-0" } });
		if (response.ok) return { reason: gettext("Your browser cannot show it.") };
		const isBusy = BUSY.includes(response.status);
		const seconds = Number(response.headers.get("Retry-After")) || 2;
		const isJson = response.headers.get("Content-Type")?.startsWith("application/json");
		return { isBusy, seconds, reason: isJson ? (await response.json()).error : "" };
	} catch {
		return { isBusy: true, seconds: 5, reason: gettext("Can't reach the server.") };
	}
}

function replace(media, reason) {
	const place = media.closest(".media-open") ?? media;
	if ("optional" in media.dataset) return media.remove();
	const note = document.createElement("p");
	note.className = "media-note";
	note.textContent = `${NOT_SHOWN[media.tagName]} ${reason ?? ""}`.trim();
	return place.replaceWith(note);
}
