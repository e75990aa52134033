// What the user has chosen for this browser: the theme, which the admin shares, how dense the list is, how wide the panes
// are, and whether new messages are told.
//
// theme.js applies the theme and the widths before this module is loaded.

const THEME = "adminTheme"; // of django-unfold, which stores JSON
const DENSITY = "inbox-density";
const PANES = "inbox-panes";
const NOTIFICATIONS = "inbox-notifications";
const READING = "inbox-reading";
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

/** `pixels`: null for the width that it has by itself. @param {string} pane @param {number | null} pixels */
export function choosePaneWidth(pane, pixels) {
	const { [pane]: _, ...others } = paneWidths();
	localStorage.setItem(PANES, JSON.stringify(pixels === null ? others : { ...others, [pane]: pixels }));
}

/** @returns {Record<string, number>} */
function paneWidths() {
	try {
		return JSON.parse(localStorage.getItem(PANES) ?? "{}") ?? {};
	} catch {
		return {}; // somebody else's
	}
}

/** Whether a conversation is marked as read when it is opened. */
export const marksAsRead = () => localStorage.getItem(READING) !== "off";

/** @param {boolean} isOn */
export function chooseMarkingAsRead(isOn) {
	if (isOn) localStorage.removeItem(READING);
	else localStorage.setItem(READING, "off");
}

/** Whether the user is to be told of new messages. */
export const wantsNotifications = () => localStorage.getItem(NOTIFICATIONS) === "on";

/** @param {boolean} isOn */
export function chooseNotifications(isOn) {
	if (isOn) localStorage.setItem(NOTIFICATIONS, "on");
	else localStorage.removeItem(NOTIFICATIONS);
}
