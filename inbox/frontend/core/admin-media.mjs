// Pictures and players in the admin's page of a conversation, also in messages that are added to it.

import { openPicture } from "./lightbox.mjs";
import { watchMedia } from "./media.mjs";

const timeline = /** @type {HTMLElement} */ (document.querySelector(".inbox-timeline"));
watchMedia(timeline);
new MutationObserver(() => watchMedia(timeline)).observe(timeline, { childList: true, subtree: true });
timeline.addEventListener("click", ({ target }) => {
	const opener = /** @type {HTMLElement} */ (target).closest(".media-open");
	if (opener) openPicture(opener);
});
