// What is wrong now, in one banner over all panes: a sentence for each cause and, for who may do something about it, a
// link; else whom to ask. A cause leaves with what it says.

import { fill, h, update } from "../core/dom.mjs";
import { displayList } from "../core/format.mjs";
import { watch } from "../core/store.mjs";
import { gettext } from "../core/texts.mjs";

/**
 * @typedef {object} Cause
 * @property {string} key
 * @property {string} text a whole sentence
 * @property {{label: string, href: string}} [action] for who may do it
 */

/** Each returns the causes that it finds in the state of the page. @type {((state: any) => Cause[])[]} */
const FINDERS = [lostStream, lostConnections, openAlerts];

export function startAlerts() {
	watch(({ isConnected, pages }) => [isConnected, pages], draw);
}

function draw(state) {
	const causes = FINDERS.flatMap((find) => find(state));
	update("alerts", { hidden: !causes.length });
	fill(
		"alerts",
		causes.map(({ key, text, action }) =>
			h(
				"p.alert",
				{ key },
				h("span", { dir: "auto" }, text),
				action && h("a.button.small", { href: action.href }, action.label),
			),
		),
	);
}

function lostStream({ isConnected }) {
	const text = gettext("Live updates disconnected. Reconnecting…");
	return isConnected === false ? [{ key: "stream", text }] : [];
}

function lostConnections({ pages, user }) {
	const lost = (pages ?? []).filter((page) => page.state === "reconnect");
	return lost.map((page) => ({
		key: `page:${page.id}`,
		text: user.isSuperuser ? sentence(page) : `${sentence(page)} ${whomToAsk(user)}`,
		...(user.isSuperuser && {
			action: {
				label: gettext("Reconnect %(page)s", { page: page.name }),
				href: `/admin/conversations/page/connect/?page=${page.id}`,
			},
		}),
	}));
}

const sentence = ({ name, reason }) =>
	gettext("%(name)s is no longer connected and gets no new messages. %(reason)s", { name, reason }).trim();

const whomToAsk = ({ superusers }) =>
	superusers.length
		? gettext("A superuser can reconnect it: ask %(people)s.", { people: displayList(superusers) })
		: gettext("A superuser can reconnect it.");

// Of a lost connection the banner tells already.
function openAlerts({ pages, user }) {
	const alertsOf = (page) => page.alerts.filter(({ cause }) => cause !== "token");
	return (pages ?? []).flatMap((page) =>
		alertsOf(page).map(({ cause, sentence: text, advice, mayMend, ask }) => ({
			key: `${cause}:${page.id}`,
			text: `${page.name}: ${text} ${mayMend ? advice : gettext("Ask %(people)s.", { people: displayList(ask) })}`,
			...(mayMend &&
				user.isStaff && {
					action: {
						label: gettext("See %(page)s", { page: page.name }),
						href: `/admin/conversations/page/${page.id}/change/`,
					},
				}),
		})),
	);
}
