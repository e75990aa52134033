// Sizes of files.

import { gettext } from "./texts.mjs";

/** As the admin writes it: 84.0 KB. @param {number} bytes */
export function formatBytes(bytes) {
	const units = [gettext("bytes"), "KB", "MB", "GB"];
	const step = bytes ? Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10)) : 0;
	return step ? `${(bytes / 1024 ** step).toFixed(1)} ${units[step]}` : `${bytes} ${units[0]}`;
}
