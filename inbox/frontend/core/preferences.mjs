// What the user has chosen for this browser: the theme, which the admin shares, and how dense the list is.
//
// theme.js applies the theme before this module is loaded.

const THEME = "adminTheme"; // of django-unfold, which stores JSON
const DENSITY = "inbox-density";
const THEMES = ["auto", "light", "dark"];

/** @returns {string} one of THEMES */
export function chosenTheme() {
	return document.documentElement.dataset.theme ?? "auto";
}

/** @param {string} theme */
export function chooseTheme(theme) {
	if (!THEMES.includes(theme)) throw new Error(`There is no theme "${theme}".`);
	localStorage.setItem(THEME, JSON.stringify(theme));
	if (theme === "auto") delete document.documentElement.dataset.theme;
	else document.documentElement.dataset.theme = theme;
}

/** Whether the rows of the list are low. */
export const isCompact = () => localStorage.getItem(DENSITY) === "compact";

/** @param {boolean} isLow */
export function chooseDensity(isLow) {
	if (isLow) localStorage.setItem(DENSITY, "compact");
	else localStorage.removeItem(DENSITY);
}
