// What the core of the frontend promises (docs/frontend.md). test_frontend_core.py runs each test in a browser.

import { fill, h, svg, update } from "/core/dom.mjs";
import { endPane } from "/core/end-pane.mjs";
import { keyedList } from "/core/keyed-list.mjs";
import { focus, hasFocus } from "/core/targets.mjs";
import { virtualList } from "/core/virtual-list.mjs";

const equal = (actual, expected) => {
	const [found, wanted] = [actual, expected].map((value) => JSON.stringify(value));
	if (found !== wanted) throw new Error(`${found} is not ${wanted}`);
};
const refuses = (run, words) => {
	try {
		run();
	} catch ({ message }) {
		return equal(message.includes(words) || message, true);
	}
	throw new Error(`not refused: ${words}`);
};
const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
const box = () => document.body.appendChild(h("div"));
const texts = (element) => [...element.children].map((child) => child.textContent);
const item = (key, ...content) => h("li", { key }, h("button", content.length ? content : key));
const buttonOf = (list, index) => list.children[index].firstElementChild;

export const tests = {
	"texts are texts, and empty children are left out"() {
		const list = box();
		fill(list, "<b>", null, false, undefined, "", 0, [[h("i", "<img src=x>")]]);
		equal(list.innerHTML, "&lt;b&gt;0<i>&lt;img src=x&gt;</i>");
	},

	"what stands for the same is kept, and what is new about it is shown"() {
		const place = box();
		const draw = (name, count) =>
			fill(place, h("h2", name), count > 0 && h("p.many", { title: count }, count), h("button", "OK"));
		draw("Ana", 0);
		const [heading, ok] = place.children;
		draw("Ben", 7);
		equal(place.innerHTML, '<h2>Ben</h2><p class="many" title="7">7</p><button>OK</button>');
		equal([place.children[0] === heading, place.children[2] === ok], [true, true]);
		draw("Ben", 0);
		equal(place.innerHTML, "<h2>Ben</h2><button>OK</button>");
		equal(place.children[1] === ok, true);
	},

	"children with keys are the same wherever they are"() {
		const list = box();
		fill(
			list,
			["a", "b", "c", "d"].map((key) => item(key)),
		);
		const before = Object.fromEntries([...list.children].map((child) => [child.textContent, child]));
		fill(
			list,
			["d", "x", "b", "a"].map((key) => item(key)),
		);
		equal(texts(list), ["d", "x", "b", "a"]);
		equal([list.children[0] === before.d, list.children[2] === before.b], [true, true]);
		equal(before.c.isConnected, false);
	},

	"any order follows any order"() {
		const list = box();
		let number = 7;
		const random = (below) => {
			number = (number * 48271) % 2147483647;
			return number % below;
		};
		for (let round = 0; round < 200; round += 1) {
			const keys = [..."abcdefgh"].filter(() => random(3)).sort(() => random(3) - 1);
			if (round % 3) list.querySelectorAll("button")[random(8)]?.focus();
			const focused = document.activeElement.closest("li")?.textContent;
			fill(
				list,
				random(2) && h("p", "first"),
				keys.map((key) => item(key)),
			);
			equal(
				[...list.querySelectorAll("li")].map((child) => child.textContent),
				keys,
			);
			if (keys.includes(focused)) equal(document.activeElement.textContent, focused);
		}
	},

	"the focus stays on what moves, without an event, and goes to the neighbor of what is gone"() {
		const list = box();
		let events = 0;
		update(list, { onfocusin: () => (events += 1) });
		fill(list, item("a"), item("b"), item("c"));
		focus(buttonOf(list, 2));
		fill(list, item("c"), item("a"), item("b"));
		fill(list, item("x"), item("b"), item("c"));
		equal([document.activeElement.textContent, events], ["c", 1]);
		fill(list, item("x"), item("b"), item("y"));
		equal(document.activeElement.textContent, "y");
		fill(list, item("x"));
		equal([document.activeElement.textContent, hasFocus(list)], ["x", true]);
	},

	"properties that are said no more end"() {
		const place = box();
		const draw = (properties) => fill(place, h("p.one", properties, "text"));
		draw({
			title: "t",
			hidden: true,
			"aria-current": "page",
			class: { two: true },
			css: { "--x": "1", "--y": "2" },
		});
		equal(
			place.innerHTML,
			'<p class="one two" title="t" hidden="" aria-current="page" style="--x: 1; --y: 2;">text</p>',
		);
		draw({ hidden: false, class: { two: false, three: true }, css: { "--x": "3" } });
		equal(place.innerHTML, '<p class="one three" style="--x: 3;">text</p>');
	},

	"properties of the shell are added to its own"() {
		const place = box();
		place.className = "own";
		update(place, { class: { open: true }, title: "a" });
		update(place, { class: { wide: true }, hidden: true });
		equal([place.className, place.title, place.hidden], ["own open wide", "a", true]);
		update(place, { class: { open: false } });
		equal([place.className, place.title], ["own wide", "a"]);
	},

	"the newest handler is called, once"() {
		const place = box();
		const calls = [];
		for (const name of ["first", "second"])
			fill(place, h("button", { onclick: () => calls.push(name) }, "OK"));
		place.firstElementChild.click();
		fill(place, h("button", "OK"));
		place.firstElementChild.click();
		equal(calls, ["second"]);
	},

	"a field keeps what the user enters until its value is another one"() {
		const place = box();
		const draw = (value, kind = "x") => fill(place, h("input", { value, title: kind }));
		draw("a");
		const field = place.firstElementChild;
		focus(field);
		field.value = "ab";
		draw("a", "y");
		equal([field.value, field.title], ["ab", "y"]);
		draw("c");
		equal(field.value, "c");
		field.value = "d";
		field.blur();
		draw("c");
		equal(field.value, "c");
	},

	"choices and checks are drawn as they are said"() {
		const place = box();
		const draw = (value, checked) =>
			fill(
				place,
				h(
					"select",
					{ value },
					["a", "b"].map((one) => h("option", { value: one }, one)),
				),
				h("input", { type: "checkbox", checked }),
			);
		draw("b", true);
		const [choice, check] = place.children;
		equal([choice.value, check.checked], ["b", true]);
		check.click();
		draw("a", true);
		equal([choice.value, check.checked], ["a", true]);
		draw("a", false);
		equal(check.checked, false);
	},

	"drawings of SVG are elements of SVG"() {
		const place = box();
		for (const d of ["M0 0", "M1 1"])
			fill(place, svg("svg.icon", { viewBox: "0 0 1 1" }, svg("path", { d })));
		const path = place.querySelector("svg.icon > path");
		equal([path instanceof SVGPathElement, path.getAttribute("d")], [true, "M1 1"]);
	},

	"what a view must not say is refused in plain words"() {
		const place = box();
		refuses(() => h("img", { scr: "x" }), '<img>, property "scr": there is none of this name.');
		refuses(() => h("p", { innerHTML: "<b>" }), "nothing is read as HTML");
		refuses(() => h("p", { style: "color: red" }), "styles are classes or css");
		refuses(() => h("p", { onclick: "alert()" }), "it needs a function");
		refuses(() => h("p", { onClick() {} }), "there is none of this name");
		refuses(() => h("p", { class: "a" }), "it needs an object");
		refuses(() => h("p", { "aria-pressed": true }), 'write "true"');
		refuses(() => h("p", "text", { title: "late" }), "an object with title: it must be a text");
		refuses(() => h("p", true), "A child is true");
		refuses(() => fill("nowhere", "text"), 'No element of the page has the id "nowhere".');
		refuses(() => fill(place, item("a"), item("a")), '<div>: two children have the key "a".');
		const twice = h("p");
		refuses(() => fill(place, twice, twice), "the same element is there twice");
	},

	"a keyed list draws only what shows something else"() {
		const list = box();
		const draws = [];
		let selected = 0;
		const draw = keyedList({
			key: ({ id }) => id,
			shows: (row) => ({ row, isSelected: row.id === selected }),
			draw({ row, isSelected }) {
				draws.push(row.id);
				return h("li", { class: { isSelected } }, h("button", row.name));
			},
		});
		const [ana, ben] = [
			{ id: 1, name: "Ana" },
			{ id: 2, name: "Ben" },
		];
		fill(list, draw([ana, ben]));
		focus(buttonOf(list, 1));
		const element = list.children[1];
		selected = 2;
		fill(list, draw([{ id: 3, name: "Cem" }, ben, ana]));
		equal(
			[draws, texts(list)],
			[
				[1, 2, 3, 2],
				["Cem", "Ben", "Ana"],
			],
		);
		equal([list.children[1] === element, element.className, hasFocus(element)], [true, "isSelected", true]);
		refuses(() => draw([ana, ana]), "two items with the same key");
	},

	"a keyed list that shows other items has other elements for them"() {
		const list = box();
		const draw = keyedList({
			key: (name) => name,
			shows: (name) => ({ name }),
			draw: ({ name }) => h("li", name),
		});
		const note = () => h("li", "note");
		fill(list, note(), draw(["a", "b"]));
		const [first, a] = list.children;
		fill(list, note(), draw(["c"]));
		equal([texts(list), list.children[0] === first, a.textContent], [["note", "c"], true, "a"]);
		const c = list.children[1];
		fill(list, draw(["d", "c"]), note());
		equal([texts(list), list.children[1] === c], [["d", "c", "note"], true]);
		refuses(() => h("ul", draw(["c"])), "give the list to fill, not to h");
	},

	async "of 100,000 rows the visible ones are in the document, and they stay where they are read"() {
		const { list, scroller, shown, draws } = longList();
		const rows = Array.from({ length: 100_000 }, (_, number) => ({ id: number, stamp: 0 }));
		list.draw(rows);
		equal(shown().length < 40, true);
		list.moveTo(20 * 50_000);
		await frame();
		equal([list.firstVisible(), shown().includes("row 50000"), shown().length < 40], [50_000, true, true]);
		draws.length = 0;
		list.focusRow(50_009);
		equal([document.activeElement.textContent, draws], ["row 50009", []]);
		// One comes above, and the first row in sight goes to the top: the others do not move.
		const moved = { id: 50_000, stamp: 1 };
		const next = [{ id: -1, stamp: 0 }, moved, ...rows.filter(({ id }) => id !== 50_000)];
		const place = document.activeElement.getBoundingClientRect().top;
		list.draw(next);
		equal(
			[document.activeElement.textContent, document.activeElement.getBoundingClientRect().top],
			["row 50009", place],
		);
		equal(document.activeElement.parentElement.getAttribute("aria-posinset"), "50011");
		list.moveTo(0);
		await frame();
		equal([document.activeElement === scroller, shown()[0]], [true, "row -1"]);
	},

	async "a row that is not completely in sight is scrolled to before it gets the focus"() {
		const { list, scroller } = longList();
		list.draw(Array.from({ length: 100 }, (_, number) => ({ id: number, stamp: 0 })));
		list.focusRow(9);
		equal([scroller.scrollTop, document.activeElement.textContent], [0, "row 9"]);
		list.focusRow(10);
		equal([scroller.scrollTop, document.activeElement.textContent], [20, "row 10"]);
	},

	"what is added above the messages does not move them, and their end stays in sight"() {
		const scroller = box();
		scroller.id = "pane";
		scroller.style.cssText = "height: 100px; overflow: auto; position: relative";
		const pane = endPane("pane");
		const draw = (from, to) => {
			const messages = [];
			for (let id = from; id < to; id += 1)
				messages.push(h("p", { key: id, "data-id": id }, `message ${id}`));
			pane.draw(() => fill(scroller, messages));
		};
		const topOf = (id) => scroller.querySelector(`[data-id="${id}"]`).getBoundingClientRect().top;
		draw(50, 100);
		equal(scroller.scrollTop, scroller.scrollHeight - 100);
		draw(50, 101); // at the end, it follows
		equal([scroller.scrollTop, pane.isFull()], [scroller.scrollHeight - 100, true]);
		pane.show(60);
		const before = topOf(60);
		draw(0, 101);
		equal(topOf(60), before);
		draw(0, 110);
		equal(topOf(60), before);
	},
};

function longList() {
	const id = `list-${document.body.childElementCount}`;
	const scroller = document.body.appendChild(h("div", { id, tabindex: -1 }));
	scroller.style.cssText = "height: 200px; overflow: auto";
	fill(scroller, h("ol", { id: `${id}-rows` }));
	const rows = scroller.firstElementChild;
	rows.style.cssText = "position: relative; margin: 0; padding: 0";
	const draws = [];
	const list = virtualList({
		scroller: id,
		rows: `${id}-rows`,
		rowRem: () => 1.25,
		key: (row) => row.id,
		stamp: (row) => row.stamp,
		shows: (row) => ({ row }),
		draw({ row }) {
			draws.push(row.id);
			const element = h("li", h("a", { href: "#" }, `row ${row.id}`));
			element.style.cssText = "position: absolute; height: 20px";
			return element;
		},
		onScroll() {},
	});
	return { list, scroller, draws, shown: () => texts(rows) };
}
