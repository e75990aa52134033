// The sidebar: views, saved views, tags and Pages.

import { logOut } from "../core/api.mjs";
import { button, fill, h, icon, iconButton, tagDot, update } from "../core/dom.mjs";
import { formatNumber } from "../core/format.mjs";
import { hasRoleAnywhere, navigate, set, state, watch, when } from "../core/store.mjs";
import { focus, hasFocus, isSidebarOver } from "../core/targets.mjs";
import { gettext } from "../core/texts.mjs";
import { showError } from "../core/toast.mjs";
import { cycleTag, isSameFilter, tagModeOf, toUrl, viewFilter } from "../core/url.mjs";
import { isLive, syncPanel } from "../sync/sync-panel.mjs";
import { countNewViews, VIEWS } from "./sidebar-loader.mjs";

/** Each of these functions is loaded when it is used. */
export function startSidebar({ openViewMenu, deleteView, moveView, createTag }) {
	update("close-sidebar", { onclick: close });
	update("shade", { onclick: close });
	update("logout", { onclick: () => logOut().catch(showError) });
	watch(({ filter, counts, pages }) => [filter, counts, pages], drawViews);
	watch(
		({ filter, views, invalidViews, viewCounts, moved }) => [filter, views, invalidViews, viewCounts, moved],
		(current) => drawSavedViews(current, { openViewMenu, deleteView, moveView }),
	);
	// After the rows, and only where they are seen.
	when(
		({ views, list, isSidebarOpen }) => [views, list.status === "ready", isSidebarOpen],
		({ list, isSidebarOpen }) =>
			list.status === "ready" && (isSidebarOpen || !isSidebarOver()) && countNewViews(),
	);
	watch(
		({ filter, tags, pages }) => [filter, tags, pages],
		(current) => drawTags(current, createTag),
	);
	watch(
		({ filter, pages, runs, summaries, setupError }) => [filter, pages, runs, summaries, setupError],
		drawPages,
	);
	watch(({ isSidebarOpen }) => [isSidebarOpen], drawOpen);
}

const close = () => set({ isSidebarOpen: false });

let wasOpen = false;

function drawOpen({ isSidebarOpen }) {
	const hadFocus = wasOpen && hasFocus("sidebar");
	wasOpen = isSidebarOpen;
	update("page", { class: { "sidebar-open": isSidebarOpen } });
	if (isSidebarOpen) focus("close-sidebar");
	else if (hadFocus) focus("menu");
}

function drawSection(id, heading, entries, ...more) {
	fill(id, h("h2", heading), h("ul", entries), more);
}

/** @param {Record<string, any>} entry */
function entry({ key, filter, name, symbol, count, isCurrent, more, handlers = {}, hint = null }) {
	const link = {
		href: toUrl({ filter }),
		"data-navigate": "",
		"aria-current": isCurrent && "page",
		"aria-keyshortcuts": hint,
	};
	const text = h("span.entry-name", { dir: "auto" }, name);
	return h("li", { key, ...handlers }, h("a.entry", link, symbol, text, countOf(count)), more);
}

function countOf({ number = null, isExact = true } = {}) {
	return number !== null && h("span.count", `${isExact ? "" : "~"}${formatNumber(number)}`);
}

function drawViews({ filter, counts }) {
	const { facebookPageId } = filter;
	const entries = VIEWS.map(({ name, icon: symbol, filter: ownFilter }) => {
		const view = { ...ownFilter, facebookPageId };
		const isCurrent = isSameFilter(filter, view);
		return entry({
			key: name,
			filter: view,
			name,
			symbol: icon(symbol),
			count: counts[name] ?? {},
			isCurrent,
		});
	});
	drawSection("views", gettext("Views"), entries);
}

function drawSavedViews({ filter, views, invalidViews, viewCounts, user, moved }, actions) {
	update("saved", { hidden: !views?.length && !invalidViews?.length });
	const entries = views?.map((view) => {
		const isOwn = view.owner === user.name;
		const more = ({ currentTarget }) => actions.openViewMenu(currentTarget, view);
		const label = gettext("Actions for the view %(name)s", { name: view.name });
		const menu = { "aria-haspopup": "menu", "aria-expanded": "false" };
		return entry({
			key: view.id,
			filter: viewFilter(view),
			name: view.name,
			symbol: icon("view"),
			count: viewCounts[view.id],
			isCurrent: isSameFilter(filter, viewFilter(view)),
			more: (isOwn || user.isSuperuser) && iconButton("more", label, more, menu),
			handlers: isOwn ? moveHandlers(view, moved, actions.moveView) : {},
			hint: isOwn ? "Alt+ArrowUp Alt+ArrowDown" : null,
		});
	});
	const invalid = invalidViews?.map((view) => invalidEntry(view, actions.deleteView));
	drawSection("saved", gettext("Saved views"), [entries, invalid]);
}

const STEPS = { ArrowUp: -1, ArrowDown: 1 };

// The user's own views are moved with the pointer, or with Alt and the arrows.
function moveHandlers(view, moved, moveView) {
	const isOther = () => state.moved !== null && state.moved.id !== view.id;
	return {
		draggable: "true",
		class: { moved: moved?.id === view.id },
		ondragstart: () => set({ moved: view }),
		ondragover: (event) => isOther() && event.preventDefault(),
		ondrop(event) {
			event.preventDefault();
			if (isOther()) moveView(state.moved, view);
		},
		ondragend: () => set({ moved: null }),
		onkeydown(event) {
			if (!event.altKey || !STEPS[event.key]) return;
			event.preventDefault();
			moveView(view, STEPS[event.key]);
		},
	};
}

function invalidEntry(view, deleteView) {
	const name = h("span.entry.quiet", icon("view"), h("span.entry-name", view.name));
	const remove = iconButton("close", gettext("Delete the view %(name)s", { name: view.name }), () =>
		deleteView(view),
	);
	return [
		h("li", name, remove),
		h("li", h("p.error.hint", gettext("Not valid any more: %(error)s", { error: view.error }))),
	];
}

const MODE_LABELS = { include: gettext("Include"), exclude: gettext("Exclude") };
const MODE_STATES = { include: gettext("included"), exclude: gettext("excluded") };

function drawTags({ filter, tags }, createTag) {
	drawSection(
		"tags",
		gettext("Tags"),
		tags?.map((tag) => tagEntry(tag, tagModeOf(filter, tag))),
		tags?.length === 0 && h("p.quiet.hint", gettext("No tags yet")),
		hasRoleAnywhere("tagger") && button(gettext("New tag"), () => createTag(), "link.hint"),
	);
}

function tagEntry(tag, mode) {
	const modeLabel = MODE_LABELS[mode];
	const content = [
		tagDot(tag),
		h("span.entry-name", { dir: "auto" }, tag.name),
		modeLabel && h("span.tag-mode", modeLabel),
		countOf({ number: tag.conversations }),
	];
	const label = gettext("%(tag)s, %(count)s conversations", {
		tag: tag.name,
		count: formatNumber(tag.conversations),
	});
	const attributes = {
		"aria-label": modeLabel ? `${label}, ${MODE_STATES[mode]}` : label,
		title: gettext("Click to include, click again to exclude"),
	};
	const onclick = () => navigate({ filter: cycleTag(state.filter, tag) });
	return h("li", { key: tag.id }, button(content, onclick, `entry.${mode}`, attributes));
}

function drawPages({ filter, pages, setupError }) {
	const entries = pages?.map((page) => {
		const isCurrent = filter.facebookPageId === page.facebook_page_id;
		return entry({
			key: page.id,
			filter: { ...filter, facebookPageId: isCurrent ? "" : page.facebook_page_id },
			name: page.name,
			symbol: statusDot(page),
			count: { number: page.conversations },
			isCurrent,
			more: syncPanel(page),
		});
	});
	drawSection("pages", gettext("Pages"), entries, setupError && h("p.error.hint", setupError.message));
}

/** The dot beside the name of a Page: green if webhooks bring its messages. The sync panel says it in words. */
function statusDot(page) {
	const kind = page.state === "reconnect" ? page.state : isLive(page) ? "live" : page.live.state;
	return h(`span.status-dot.${kind}`, { "aria-hidden": "true" });
}
