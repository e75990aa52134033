// Loads pages, or parts of pages, that the server renders.

/** Resolves with the document. Rejects with its `status` if the response is another one, such as the login. */
export async function fetchDocument(url, options) {
	const response = await fetch(url, options);
	const status = response.redirected ? 302 : response.status;
	if (status !== 200) throw Object.assign(new Error(`status ${status}`), { status });
	return new DOMParser().parseFromString(await response.text(), "text/html");
}
