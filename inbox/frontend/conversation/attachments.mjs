// Draws the attachments of a message: pictures, players, cards, and files by name and size.

import { h } from "../core/dom.mjs";
import { formatBytes } from "../core/file-size.mjs";
import { openPicture } from "../core/lightbox.mjs";
import { watchMedia } from "../core/media.mjs";
import { gettext } from "../core/texts.mjs";

const MAX_KEPT = 400; // elements; a conversation is drawn again with each change, its pictures are not loaded again
const kept = new Map();
const LAZY = { alt: "", loading: "lazy", decoding: "async" }; // before the address, which starts the request

const KINDS = {
	Image: gettext("Image"),
	Video: gettext("Video"),
	Audio: gettext("Audio"),
	File: gettext("File"),
	Card: gettext("Card"),
	Sticker: gettext("Sticker"),
	Link: gettext("Link"),
	Story: gettext("Story"),
	Attachment: gettext("Attachment"),
	Unavailable: gettext("Unavailable"),
};

/** What an attachment is called; its kind in REST is English. */
export const kindName = (kind) => KINDS[kind] ?? kind;

const FORMS = { picture, sticker, video, audio, card, file };

/** The element of one of `display_attachments`; the same one as before if nothing has changed. */
export function attachment(item) {
	const key = item.content || item.preview ? JSON.stringify(item) : null; // unique by its address
	const known = key && kept.get(key);
	if (known) return known;
	const element = (FORMS[item.show] ?? text)(item);
	if (key) keep(key, element);
	return element;
}

function keep(key, element) {
	kept.set(key, element);
	if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value);
}

function caption({ kind, name }) {
	return [h("b", kindName(kind)), name && " ", name && h("bdi", name)];
}

function box({ width, height }) {
	return width && height ? { css: { "--ratio": `${width} / ${height}` } } : {};
}

function sticker(item) {
	return picture(item, "img.media-sticker");
}

function picture(item, selector = "img") {
	const { kind, name, content, preview } = item;
	const open = ({ currentTarget }) => openPicture(currentTarget);
	const image = h(selector, { ...LAZY, src: preview ?? content, ...box(item) });
	const label = gettext("Open %(kind)s", { kind: kindName(kind).toLowerCase() }) + (name ? `: ${name}` : "");
	const button = h(
		"button.media-open",
		{ type: "button", onclick: open, "aria-label": label, "data-full": content, "data-caption": name },
		image,
	);
	return watched(h("div.attachment.media", button, h("span.hidden", caption(item))));
}

function video(item) {
	const { content, preview, name } = item;
	const attributes = {
		controls: true,
		preload: "none",
		playsinline: true,
		src: content,
		"aria-label": name || kindName(item.kind),
	};
	const player = h("video", { ...attributes, "data-poster": preview, ...box(item) });
	return watched(h("div.attachment.media", player, h("span.hidden", caption(item))));
}

function audio(item) {
	const { content, name } = item;
	const player = h("audio", {
		controls: true,
		preload: "none",
		src: content,
		"aria-label": name || kindName(item.kind),
	});
	return watched(h("div.attachment.media", player, h("span.hidden", caption(item))));
}

function card(item) {
	const { kind, name, title, subtitle, url, preview } = item;
	const image = preview && h("img", { ...LAZY, src: preview, "data-optional": "" });
	const words = [
		h("b.media-kind", kindName(kind)),
		" ",
		h("bdi.media-title", title || name || hostOf(url) || gettext("open")),
		subtitle && h("span.media-subtitle", { dir: "auto" }, subtitle),
		hostOf(url) && h("span.media-host", hostOf(url)),
	];
	const content = [image, h("span.media-words", words)];
	const link = { href: url, target: "_blank", rel: "noopener noreferrer nofollow" };
	return watched(
		h("div.attachment.media", url ? h("a.media-card", link, content) : h("div.media-card", content)),
	);
}

function file(item) {
	const { kind, name, url, content, size } = item;
	const link = { href: content ?? url, target: "_blank", rel: "noopener noreferrer nofollow" };
	const target = h("a", link, h("b", kindName(kind)), " ", h("bdi", name || gettext("open")));
	return h("p.attachment", target, size && h("span.media-size", ` ${formatBytes(size)}`));
}

function text(item) {
	return h("p.attachment", caption(item));
}

function hostOf(url) {
	if (!url?.startsWith("http")) return "";
	return new URL(url).hostname.replace(/^www\./, "");
}

function watched(element) {
	watchMedia(element);
	return element;
}
