// The keyboard where unfold listens to the mouse alone: the menu's cross, and the menu of the account.

function asButton(part) {
  const name = part.querySelector(".truncate")?.textContent.trim();
  part.setAttribute("role", "button");
  part.setAttribute("aria-label", name ? `Account of ${name}` : "Close the menu");
  part.tabIndex = 0;
  part.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    part.click();
  });
}

/** On small screens the menu lies over the page: who opens it goes on in it. */
function enterMenu(event) {
  if (!event.target.closest("[data-opens-menu]")) return;
  setTimeout(() => document.querySelector("#nav-sidebar a").focus()); // when Alpine has shown it
}

document.addEventListener("click", enterMenu);
addEventListener("load", () => {
  document.querySelectorAll("#nav-sidebar :is(div, span).cursor-pointer").forEach(asButton);
  document.querySelector("#nav-sidebar a")?.setAttribute("aria-label", "Start"); // else it is called by its icon's name
});
