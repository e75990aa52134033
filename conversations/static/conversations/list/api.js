// Requests to the REST API in the session of the user.

// Resolves to the JSON of the response; rejects with the error text of the server. With `body` it is a POST.
export async function request(url, body) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(body),
  };
  const response = await fetch(url, options);
  const result = await response
    .json()
    .catch(() => ({ error: "The server sent an unexpected response. Reload the page." }));
  if (!response.ok || result.error) throw new Error(result.error || result.detail);
  return result;
}
