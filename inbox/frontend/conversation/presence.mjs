// Tells the server which conversation is open in this tab, and shows who else has it open.

import { put, remove } from "../core/api.mjs";
import { fill, h, update } from "../core/dom.mjs";
import { isHidden, subscribe, watchVisibility } from "../core/event-stream.mjs";
import { randomId } from "../core/random-id.mjs";
import { set, state, watch, when } from "../core/store.mjs";
import { gettextParts } from "../core/texts.mjs";

const REPEAT_MS = 30_000; // the server forgets a tab that was silent for 75 seconds
const tab = randomId();

let announced = null; // the conversation that the server knows to be open here

const address = (id) => `/api/conversations/${id}/presence/${tab}`;

export function startPresence() {
	watch(
		({ people, openId }) => [people, openId],
		({ people, openId }) => showPeople(people?.id === openId ? people.others : []),
	);
	when(({ conversation }) => [conversation?.id, conversation?.status], announce);
	subscribe({ onPresence: ({ conversationId, people }) => setPeople(conversationId, people) });
	watchVisibility({ onChange: announce, onLeave: withdraw });
	setInterval(announce, REPEAT_MS);
}

// Nobody is told what a hidden tab has open. That it fails is no news for the user: others only miss a hint.
function announce() {
	const { id, status } = state.conversation ?? {};
	if (status === "loading") return undefined;
	if (status === "error" && id === announced) announced = null; // it is gone
	if (status !== "ready" || isHidden()) return withdraw();
	announced = id;
	return put(address(id)).then(
		({ people }) => setPeople(id, people),
		() => {},
	);
}

function withdraw() {
	if (announced) remove(address(announced), { keepalive: true }).catch(() => {});
	announced = null;
}

function setPeople(id, present) {
	if (id !== state.openId) return;
	const others = present.map(({ name }) => name).filter((name) => name !== state.user.name);
	const { people } = state;
	const known = people?.id === id ? people?.others : null;
	if (known?.join() !== others.join()) set({ people: { id, others } });
}

function showPeople(others) {
	update("also-open", { hidden: others.length === 0 });
	fill(
		"also-open",
		others.length > 0 && gettextParts("Also open: %(people)s", { people: h("bdi", others.join(", ")) }),
	);
}
