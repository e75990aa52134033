// The length of a message as its platform counts it.

const LIMITS = {
	messenger: { most: 2000, unit: "characters", measure: (text) => [...text].length },
	instagram: { most: 1000, unit: "bytes", measure: (text) => new TextEncoder().encode(text).length },
};

/** {length, most, unit: "characters" | "bytes", excess}: `excess` is how much of it is too long. */
export function measure(text, platform) {
	const { most, unit, measure: lengthOf } = LIMITS[platform] ?? LIMITS.messenger;
	const length = lengthOf(text.trim());
	return { length, most, unit, excess: Math.max(0, length - most) };
}
