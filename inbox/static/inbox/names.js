// Names for screen readers where Django and unfold give none, after their scripts have drawn what they draw.

function nameCells(table) {
  const names = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
  for (const field of table.querySelectorAll("tbody select:not([aria-label]), tbody input:not([aria-label])")) {
    if (field.type === "hidden" || field.labels.length) continue;
    const name = names[field.closest("td")?.cellIndex];
    if (name) field.setAttribute("aria-label", name);
  }
}

function mend() {
  document.querySelectorAll("[data-inline-type=tabular] table").forEach(nameCells);
  for (const hint of document.querySelectorAll(".help-tooltip[aria-label]")) hint.setAttribute("role", "img");
}

addEventListener("load", () => setTimeout(mend)); // the boxes of choices are made when the page has loaded
