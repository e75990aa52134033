// The theme that the user has chosen, before anything is painted. The admin stores it under the same name.
try {
	const theme = JSON.parse(localStorage.getItem("adminTheme"));
	if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
} catch {
	// Something else is stored there, or nothing may be: the theme of the system is used.
}
