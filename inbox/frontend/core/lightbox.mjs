// A picture in full, over the page; the arrows lead to the other pictures of the conversation.

import { openLayer } from "./entries.mjs";
import { gettext } from "./texts.mjs";

const PICTURES = ".media-open[data-full]";
const CONVERSATIONS = "#messages, .inbox-timeline";
const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

/** Opens the picture of a button. The focus returns to it. */
export function openPicture(opener) {
	const scope = opener.closest(CONVERSATIONS) ?? document;
	const pictures = [...scope.querySelectorAll(PICTURES)];
	const { dialog, show } = build(pictures);
	dialog.addEventListener("close", () => {
		onClosed();
		dialog.remove();
		opener.focus();
	});
	document.body.append(dialog);
	dialog.showModal();
	const onClosed = openLayer(() => dialog.close());
	show(pictures.indexOf(opener));
}

function build(pictures) {
	const image = make("img", { className: "lightbox-image" });
	const note = make("p", { className: "lightbox-note" });
	note.setAttribute("role", "status");
	const save = make("a", { className: "lightbox-button", target: "_blank", rel: "noopener noreferrer" });
	save.textContent = gettext("Open in a new tab");
	const previous = step("‹", gettext("Previous picture"), () => move(-1));
	const next = step("›", gettext("Next picture"), () => move(1));
	const close = step("×", gettext("Close"), () => dialog.close());
	const bar = make("div", { className: "lightbox-bar" });
	bar.append(note, save, close);
	const dialog = make("dialog", { className: "lightbox" });
	dialog.setAttribute("aria-label", gettext("Picture"));
	dialog.append(bar, previous, image, next);
	let place = 0;

	function show(index) {
		place = index;
		const { full, caption } = pictures[index].dataset;
		image.src = full;
		image.alt = caption || gettext("Picture without a name");
		save.href = full;
		note.textContent = [
			caption,
			gettext("%(index)s of %(count)s", { index: index + 1, count: pictures.length }),
		]
			.filter(Boolean)
			.join(" · ");
		setEnabled(previous, index > 0, next);
		setEnabled(next, index < pictures.length - 1, previous);
	}
	function move(by) {
		if (pictures[place + by]) show(place + by);
	}
	image.addEventListener("error", () => {
		note.textContent = gettext("This picture cannot be shown.");
	});
	dialog.addEventListener("keydown", (event) => {
		event.stopPropagation(); // the page has keys of its own
		const by = STEPS[event.key];
		if (!by) return;
		event.preventDefault();
		move(by);
	});
	dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
	return { dialog, show };
}

// A disabled button loses the focus: the other one gets it.
function setEnabled(button, isEnabled, other) {
	const hadFocus = document.activeElement === button;
	button.disabled = !isEnabled;
	if (hadFocus && !isEnabled) other.focus();
}

function step(sign, label, onclick) {
	const button = make("button", { type: "button", className: "lightbox-button", title: label, onclick });
	button.setAttribute("aria-label", label);
	button.textContent = sign;
	return button;
}

function make(tag, properties) {
	return Object.assign(document.createElement(tag), properties);
}
