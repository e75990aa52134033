// A client for the REST API, which uses the session of the signed-in user.

import { endSession } from "./session.mjs";
import { gettext } from "./texts.mjs";

const TIMEOUT_MS = 120_000;
const MESSAGES = {
	200: gettext("Unexpected response. Is a proxy between you and this server?"),
	403: gettext("Your role on this Page doesn't allow this."),
	404: gettext("Not found, or you don't have access to it."),
	409: gettext("Someone changed this at the same time. Check it and try again."),
	413: gettext("The request is too large."),
};

/** A failed request: `status` (0: the server was not reached), a message for the user, and the `field` that is wrong. */
class ApiError extends Error {
	constructor(status, message, field) {
		super(message);
		this.status = status;
		this.field = field;
	}
}

export const isAborted = (error) => error?.name === "AbortError";

/**
 * `signal` cancels the request. A request without an answer times out, because later refreshes wait for it.
 * @param {string} path @param {Record<string, any>} [query] @param {{signal?: AbortSignal}} [options]
 */
export function get(path, query = {}, { signal } = {}) {
	const text = new URLSearchParams(query).toString();
	const signals = [AbortSignal.timeout(TIMEOUT_MS), ...(signal ? [signal] : [])];
	return request("GET", text ? `${path}?${text}` : path, { signal: AbortSignal.any(signals) });
}

export const post = (path, body = {}, headers = {}) => request("POST", path, { body, headers });
export const patch = (path, body) => request("PATCH", path, { body });

/** Sends a file with other fields. */
export function postForm(path, fields) {
	const form = new FormData();
	for (const [name, value] of Object.entries(fields)) form.append(name, value);
	return request("POST", path, { form });
}

/** With `keepalive` the request outlives the page. */
export const put = (path, body = {}, { keepalive = false } = {}) => request("PUT", path, { body, keepalive });
export const remove = (path, { keepalive = false } = {}) => request("DELETE", path, { keepalive });

/**
 * @param {string} method @param {string} path
 * @param {{body?: any, form?: FormData, headers?: any, signal?: AbortSignal, keepalive?: boolean}} options
 */
async function request(method, path, { body, form, headers, signal, keepalive } = {}) {
	const { status, ok, text } = await send(path, {
		method,
		signal,
		keepalive,
		headers: { Accept: "application/json", ...headers, ...(method === "GET" ? {} : writeHeaders(form)) },
		body: form ?? (body && JSON.stringify(body)),
	});
	if (status === 401) endSession();
	const value = parseJson(text);
	if (status === 403 && value?.confirm) location.assign(`${value.confirm}?next=${here()}`);
	if (!ok || !value) throw new ApiError(status, errorMessage(status, value?.error), value?.field);
	return value;
}

// Reads the whole response: a connection may break, or a request be aborted, in the middle of it.
async function send(path, options) {
	try {
		const response = await fetch(path, options);
		return { status: response.status, ok: response.ok, text: await response.text() };
	} catch (error) {
		if (isAborted(error)) throw error;
		throw new ApiError(0, gettext("Can't reach the server. Check your connection."));
	}
}

function parseJson(text) {
	try {
		return text ? JSON.parse(text) : {};
	} catch {
		return null; // the page of a proxy
	}
}

// Reads the cookie each time: a login in another tab changes the token.
/** @param {FormData} [form] the browser says itself how it sends one */
function writeHeaders(form) {
	const token = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
	return { ...(form ? {} : { "Content-Type": "application/json" }), "X-CSRFToken": token };
}

export async function logOut() {
	await send("/logout", { method: "POST", headers: writeHeaders() });
	endSession("/login");
}

function errorMessage(status, error) {
	if (status === 403 && /CSRF/.test(error))
		return gettext("You logged in or out in another tab. Reload this page.");
	if (typeof error === "string" && error) return error;
	if (status >= 500)
		return gettext("Server error (%(status)s). The server's log has the reason. Try again.", { status });
	return MESSAGES[status] ?? gettext("The server refused the request (%(status)s).", { status });
}

const here = () => encodeURIComponent(location.pathname + location.search);
