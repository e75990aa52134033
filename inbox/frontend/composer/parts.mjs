// Parts of the composer: the quoted message, the files, and the buttons below the field.

import { button, h, icon, iconButton } from "../core/dom.mjs";
import { formatBytes } from "../core/file-size.mjs";
import { openMenu } from "../core/menu.mjs";
import { gettext } from "../core/texts.mjs";
import { EMOJI, EMOJI_COLUMNS } from "./emoji.mjs";
import { accepted } from "./file-rules.mjs";

/** @param {import("./written.mjs").Written} written @param {() => void} remove */
export function quoteBox({ quote }, remove) {
	if (!quote) return null;
	return h(
		"div.quoting",
		h("blockquote", { dir: "auto" }, quote.text),
		iconButton("close", gettext("Don't quote"), remove),
	);
}

/** @param {import("./written.mjs").Written} written @param {(id: string) => void} remove */
export function fileList({ files, isSending }, remove) {
	if (!files.length) return null;
	const item = ({ id, file, problem }) =>
		h(
			"li",
			{ key: id, class: { wrong: Boolean(problem) } },
			h("bdi.file-name", file.name),
			h("span.quiet", formatBytes(file.size)),
			problem && h("span.error", problem),
			!isSending &&
				button("×", () => remove(id), "remove", {
					"aria-label": gettext("Remove %(name)s", { name: file.name }),
				}),
		);
	return h("ul.files", { "aria-label": gettext("Files, each a message of its own") }, files.map(item));
}

/** `addFiles(files)`, `insert(text)` and `openReplies()` are called when a button is used. */
export function tools(platform, { addFiles, insert, openReplies }) {
	const onchange = (/** @type {any} */ { target }) => {
		addFiles([...target.files]);
		target.value = ""; // the same file can be chosen again
	};
	const files = { type: "file", multiple: true, accept: accepted(platform), onchange };
	const label = gettext("Attach files");
	return [
		h(
			"label.icon-button.attach",
			{ title: label },
			icon("clip"),
			h("input", { ...files, "aria-label": label }),
		),
		iconButton("emoji", gettext("Emoji"), ({ currentTarget }) => openEmoji(currentTarget, insert), {
			"aria-haspopup": "menu",
			"aria-expanded": "false",
		}),
		iconButton("view", gettext("Saved replies"), openReplies, { "aria-haspopup": "dialog" }),
	];
}

function openEmoji(anchor, insert) {
	const items = EMOJI.map((sign) => [sign, () => insert(sign)]);
	openMenu(anchor, gettext("Emoji"), /** @type {any} */ (items), { columns: EMOJI_COLUMNS });
}
