// Keeps the body as the server sent it, before other scripts change it: changes.js compares it with later states.

document.addEventListener("readystatechange", () => {
	window.servedBody ??= document.body.cloneNode(true);
});
