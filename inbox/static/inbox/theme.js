// The theme and the widths of the panes that the user has chosen, before anything is painted. The admin stores the theme
// under the same name.
try {
	const theme = JSON.parse(localStorage.getItem("adminTheme"));
	if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
	// Something else is stored there, or nothing may be: the theme of the system is used.
}
try {
	for (const [pane, width] of Object.entries(JSON.parse(localStorage.getItem("inbox-panes") ?? "{}")))
		if (Number.isFinite(width)) document.documentElement.style.setProperty(`--${pane}-width`, `${width}px`);
} catch {
	// The panes are as wide as they are by themselves.
}
