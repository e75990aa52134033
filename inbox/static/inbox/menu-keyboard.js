// Makes the menu's close button and the account menu of unfold, which react to the mouse only, work with the keyboard.

// Not a module, as unfold loads it: the catalogue directly, as core/texts.mjs.
const gettext = (english) => globalThis.django?.gettext?.(english) ?? english;

function makeButton(element) {
	const name = element.querySelector(".truncate")?.textContent.trim();
	element.setAttribute("role", "button");
	element.setAttribute(
		"aria-label",
		name ? gettext("Account of %(name)s").replace("%(name)s", name) : gettext("Close the menu"),
	);
	element.tabIndex = 0;
	element.addEventListener("keydown", (event) => {
		if (event.key !== "Enter" && event.key !== " ") return;
		event.preventDefault();
		element.click();
	});
}

/** On small screens the menu covers the page: the focus moves into it when it opens. */
function focusMenu(event) {
	if (!event.target.closest("[data-opens-menu]")) return;
	setTimeout(() => document.querySelector("#nav-sidebar a").focus()); // after Alpine has shown it
}

document.addEventListener("click", focusMenu);
addEventListener("load", () => {
	document.querySelectorAll("#nav-sidebar :is(div, span).cursor-pointer").forEach(makeButton);
	// Without a label, screen readers read the name of its icon.
	document.querySelector("#nav-sidebar a")?.setAttribute("aria-label", gettext("Dashboard"));
});
