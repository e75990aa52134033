// Speaks to our REST, in the session of whoever is logged in.

const PATIENCE_MS = 120_000;
const WORDS = {
  200: "The answer is not one of this server’s. Is something between?",
  403: "You may not do that: your role on this Page does not allow it.",
  404: "It is not there, or not for you to see.",
  405: "This server cannot do that yet.",
  409: "Somebody changed the same just now. Look at it again.",
  413: "That is too much at once.",
};

/** An answer that is none: `status` (0: the server was not reached) and words for people. */
class ApiError extends Error {
  constructor(status, words) {
    super(words);
    this.status = status;
  }
}

export const isAborted = (error) => error?.name === "AbortError";

/** `signal`: gives the question up; one that stays without an answer is given up as well, or nothing would be read after it. */
export function get(path, query = {}, { signal } = {}) {
  const text = new URLSearchParams(query).toString();
  const signals = [AbortSignal.timeout(PATIENCE_MS), signal].filter(Boolean);
  return request("GET", text ? `${path}?${text}` : path, { signal: AbortSignal.any(signals) });
}

export const post = (path, body = {}, headers = {}) => request("POST", path, { body, headers });
export const remove = (path) => request("DELETE", path);

async function request(method, path, { body, headers, signal } = {}) {
  const { status, ok, text } = await reached(path, {
    method,
    signal,
    headers: { Accept: "application/json", ...headers, ...(method === "GET" ? {} : written()) },
    body: body && JSON.stringify(body),
  });
  if (status === 401) leaveForLogin();
  const value = parsed(text);
  if (!ok || !value) throw new ApiError(status, inWords(status, value?.error));
  return value;
}

// The answer to its end: a connection may break in the midst of it, and a question be given up then.
async function reached(path, options) {
  try {
    const answer = await fetch(path, options);
    return { status: answer.status, ok: answer.ok, text: await answer.text() };
  } catch (error) {
    if (isAborted(error)) throw error;
    throw new ApiError(0, "The server cannot be reached. Is there a connection?");
  }
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    return null; // not ours: a proxy's page
  }
}

// The cookie's, read each time: a login in another tab makes a new one.
function written() {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]*)/)?.[1] ?? "";
  return { "Content-Type": "application/json", "X-CSRFToken": token };
}

export async function logOut() {
  await reached("/logout", { method: "POST", headers: written() });
  location.assign("/login");
}

function inWords(status, error) {
  if (status === 403 && /CSRF/.test(error)) return "Somebody logged in or out in another tab. Load this page again.";
  if (typeof error === "string" && error) return error;
  if (status >= 500) return `This went wrong on the server (${status}); its log has the reason. Try again.`;
  return WORDS[status] ?? `The server refused this (${status}).`;
}

// The session ended: log in, and come back to this very address.
function leaveForLogin() {
  location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}
