// Speaks to our REST, in the session of whoever is logged in.

const UNSAFE = new Set(["POST", "PUT", "PATCH", "DELETE"]);
const WORDS = {
  403: "You may not do that: your role on this Page does not allow it.",
  404: "It is not there, or not for you to see.",
  405: "This server cannot do that yet.",
  409: "Somebody changed the same just now. Look at it again.",
  413: "That is too much at once.",
};

/** An answer that is none: `status` (0: the server was not reached) and words for people. */
export class ApiError extends Error {
  constructor(status, words, body = {}) {
    super(words);
    this.status = status;
    this.body = body;
  }
}

export const isAborted = (error) => error?.name === "AbortError";

export const get = (path, query = {}, options = {}) => request("GET", withQuery(path, query), options);
export const post = (path, body = {}, options = {}) => request("POST", path, { ...options, body });
export const remove = (path) => request("DELETE", path);

function withQuery(path, query) {
  const text = new URLSearchParams(query).toString();
  return text ? `${path}?${text}` : path;
}

async function request(method, path, { body, headers = {}, signal } = {}) {
  const answer = await reached(path, {
    method,
    signal,
    headers: { Accept: "application/json", ...headers, ...(UNSAFE.has(method) ? written() : {}) },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (answer.status === 401) leaveForLogin();
  const value = answer.status === 204 ? {} : await answer.json().catch(() => ({}));
  if (!answer.ok) throw new ApiError(answer.status, inWords(answer.status, value), value);
  return value;
}

async function reached(path, options) {
  try {
    return await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new ApiError(0, "The server cannot be reached. Is there a connection?");
  }
}

// The cookie's, read each time: a login in another tab makes a new one.
function written() {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
  return { "Content-Type": "application/json", "X-CSRFToken": token };
}

function inWords(status, { error }) {
  if (status === 403 && /CSRF/.test(error)) return "Somebody logged in or out in another tab. Load this page again.";
  if (typeof error === "string" && error) return error;
  if (status >= 500) return `This went wrong on the server (${status}); its log has the reason. Try again.`;
  return WORDS[status] ?? `The server refused this (${status}).`;
}

let isLeaving = false;

/** The session ended: log in, and come back to this very address. */
export function leaveForLogin() {
  if (isLeaving) return;
  isLeaving = true;
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}
