// Tells whether the reader is on the way to another page: a form or a link that the server has not answered yet.

const LONGEST_MS = 60_000; // after that, it was a download, and the page stays

let leftAt = -Infinity;

addEventListener("beforeunload", () => {
	leftAt = performance.now();
});
addEventListener("pageshow", () => {
	leftAt = -Infinity;
});

/** A reload of the page would cancel the form. */
export const isLeaving = () => performance.now() - leftAt < LONGEST_MS;
