// Which files a platform takes, checked before they leave by what the browser says. The server looks at their contents.

import { gettext } from "../core/texts.mjs";

const MB = 1024 * 1024;
export const MAX_FILES = 10; // at once; each is a message of its own
const MOST = { file: 25 * MB, instagramImage: 8 * MB };
const IMAGES = ["image/png", "image/jpeg", "image/gif"];
const VIDEOS = {
	messenger: ["video/mp4", "video/quicktime", "video/webm"],
	instagram: ["video/mp4", "video/quicktime"],
};
const DOCUMENTS = [
	"csv",
	"doc",
	"docx",
	"ics",
	"odp",
	"ods",
	"odt",
	"pdf",
	"ppt",
	"pptx",
	"txt",
	"xls",
	"xlsx",
	"zip",
];

const isInstagram = (platform) => platform === "instagram";
const videosOf = (platform) => VIDEOS[platform] ?? VIDEOS.messenger;
const documentsOf = (platform) => (isInstagram(platform) ? ["pdf"] : DOCUMENTS);

/** What the file dialog offers. */
export const accepted = (platform) =>
	[
		...IMAGES,
		...videosOf(platform),
		"audio/*",
		...documentsOf(platform).map((ending) => `.${ending}`),
	].join();

/** Says why a file cannot be sent; "" if it can. @param {{name: string, type: string, size: number}} file */
export function problemOf({ name, type, size }, platform) {
	const isImage = type.startsWith("image/");
	if (!size) return gettext("The file is empty.");
	if (!isTaken(name, type, platform))
		return isInstagram(platform)
			? gettext("Instagram takes pictures (JPEG, PNG, GIF), videos, recordings and PDF files only.")
			: gettext("Facebook does not take files of this type.");
	const most = isInstagram(platform) && isImage ? MOST.instagramImage : MOST.file;
	return size > most ? gettext("The file is too large: at most %(most)s MB.", { most: most / MB }) : "";
}

function isTaken(name, type, platform) {
	if (type.startsWith("image/")) return IMAGES.includes(type);
	if (type.startsWith("video/")) return videosOf(platform).includes(type);
	if (type.startsWith("audio/")) return true; // browsers have many names for few formats
	return documentsOf(platform).includes(name.split(".").at(-1)?.toLowerCase() ?? "");
}
