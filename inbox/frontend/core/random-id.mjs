// Random UUIDs, also on pages without HTTPS, where browsers have no crypto.randomUUID().

const BYTES = 16;
const GROUPS = /^(.{8})(.{4})4(.{3})8(.{3})(.{12})$/; // with the digits that say what kind of UUID it is

/** @returns {string} */
export function randomId() {
	const digits = [...crypto.getRandomValues(new Uint8Array(BYTES))]
		.map((byte) => byte.toString(16).padStart(2, "0"))
		.join("");
	return `${digits.slice(0, 12)}4${digits.slice(13, 16)}8${digits.slice(17)}`.replace(
		GROUPS,
		"$1-$2-4$3-8$4-$5",
	);
}
