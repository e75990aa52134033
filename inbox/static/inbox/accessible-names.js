// Adds names for screen readers where the templates of Django and unfold have none, after their scripts have run.

function nameFields(table) {
	const headings = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
	const fields = table.querySelectorAll("tbody select:not([aria-label]), tbody input:not([aria-label])");
	for (const field of fields) {
		if (field.type === "hidden" || field.labels.length) continue;
		const name = headings[field.closest("td")?.cellIndex];
		if (name) nameField(field, name);
	}
}

function nameField(field, name) {
	field.setAttribute("aria-label", name);
	// What select2 shows in its place is named by the chosen option, which may be empty.
	for (const drawn of field.nextElementSibling?.querySelectorAll("[role=combobox], [role=textbox]") ?? []) {
		drawn.setAttribute("aria-label", name);
		drawn.removeAttribute("aria-labelledby");
	}
}

function addNames() {
	document.querySelectorAll("[data-inline-type=tabular] table").forEach(nameFields);
	for (const hint of document.querySelectorAll(".help-tooltip[aria-label]")) hint.setAttribute("role", "img");
}

addEventListener("load", () => setTimeout(addNames)); // the select widgets are created on load
addEventListener("formset:added", () => setTimeout(addNames)); // and for a new row
