// What the list asks of the server beside its pages: JSON, in the session of whoever looks.

export async function ask(address, body) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    body: JSON.stringify(body),
  };
  const answer = await fetch(address, options);
  const told = await answer.json().catch(() => ({ error: "The server did not answer as it should. Load the page again." }));
  if (!answer.ok || told.error) throw new Error(told.error || told.detail);
  return told;
}
