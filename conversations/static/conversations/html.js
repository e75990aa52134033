// Loads pages, or parts of pages, that the server renders.

/** Resolves with the document. Rejects if the response is not the one requested, such as the login. */
export async function fetchDocument(url, options) {
	const response = await fetch(url, options);
	if (!response.ok || response.redirected) throw new Error(`status ${response.status}`);
	return new DOMParser().parseFromString(await response.text(), "text/html");
}
