// Folds text as the server's search does, to highlight what it found: the tables are those of
// conversations/lib/folding.py, and a test compares the two.

const LETTERS =
	"đd ħh ıi ĸk łl ŋng øo œoe æae þth ðd əe ǝe ŧt ƀb ɓb ƈc ɖd ɗd ƒf ǥg ɠg ɣg ɦh ɨi ɩi ȷj ƙk ɫl ƚl ɲn ƞn ɔo ɛe ɵo ƥp ɍr ʂs ƭt " +
	"ʈt ʉu ʊu ʋv ƴy ɏy ƶz ʒz ȥz ⱥa ȼc ɇe ɉj ɑa ɡg ⱡl ᵽp ⱦt ʃs ىي یي ېي ۍي ێي ےي کك ڪك ہه ھه ەه ةه ۃه ٱا ßss ςσ";
const SIGNS =
	"‘' ’' ‚' ‛' ‹' ›' ′' ‵' ´' ʹ' ʻ' ʼ' ʽ' ʾ' ʿ' ˈ' ˊ' ˋ' ꞌ' ՚' ׳' “\" ”\" „\" ‟\" «\" »\" ″\" ‶\" 〝\" 〞\" 〟\" ˮ\" ״\" −- ⁃- 〜~ ゠= ـ";
// Signs and letters with which people decorate names, and further letters: each with what it becomes.
const ADDED_SIGNS = { "'": "`❛❜❟❮❯΄᾽᾿῾\u1ffdˀˁ˴ߴߵՙ", '"': "❝❞❠🙶🙷🙸⹂ʺ˝˵˶「」『』", "-": "˗⁒➖", "~": "⁓˜∼" };
const ADDED_LETTERS = [
	["ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz"],
	["🅐🅑🅒🅓🅔🅕🅖🅗🅘🅙🅚🅛🅜🅝🅞🅟🅠🅡🅢🅣🅤🅥🅦🅧🅨🅩", "abcdefghijklmnopqrstuvwxyz"],
	["🅰🅱🅲🅳🅴🅵🅶🅷🅸🅹🅺🅻🅼🅽🅾🅿🆀🆁🆂🆃🆄🆅🆆🆇🆈🆉", "abcdefghijklmnopqrstuvwxyz"],
	["ƃƌꞓꞔꞙꞡⱨꝁⱪꞣꝉꞑꞥɽꞧꞩꞹⱱⱳɋⱬ", "bdccfghkkklnnrrsuvwqz"],
	// Digits of scripts that count from one, and digits in dark circles.
	["፩፪፫፬፭፮፯፰፱᧚⓵⓶⓷⓸⓹⓺⓻⓼⓽⓿❶❷❸❹❺❻❼❽❾➀➁➂➃➄➅➆➇➈➊➋➌➍➎➏➐➑➒", "12345678911234567890123456789123456789123456789"],
	["𐩀𐩁𐩂𐩃𐹠𐹡𐹢𐹣𐹤𐹥𐹦𐹧𐹨𑁒𑁓𑁔𑁕𑁖𑁗𑁘𑁙𑁚", "1234123456789123456789"],
];
/** @type {Map<string, string>} */
const REPLACEMENTS = new Map(
	/** @type {[string, string][]} */ ([
		...`${LETTERS} ${SIGNS} ƣg ꜳaa ꜵao ꜷau ꜹav ꜽay ꝏoo ꝡvy ؠي ۿه`
			.split(" ")
			.map((pair) => [pair[0], pair.slice(1)]),
		...Object.entries(ADDED_SIGNS).flatMap(([to, signs]) => [...signs].map((sign) => [sign, to])),
		...ADDED_LETTERS.flatMap(([letters, to]) => [...letters].map((letter, index) => [letter, to[index]])),
	]),
);
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;
// Signs above and below letters. In other scripts they are part of the spelling.
const MARKS =
	/(?=[\p{Mn}\p{Me}])[\p{Script=Inherited}\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Cyrillic}\u0e38-\u0e3a\u0e48-\u0e4b\u0eb8-\u0eba\u0ec8-\u0ecb\u302e\u302f\u093c\u094d\u09bc\u09cd\u09fe\u0a3c\u0a4d\u0abc\u0acd\u0b3c\u0b4d\u0bcd\u0c3c\u0c4d\u0c55\u0c56\u0cbc\u0ccd\u0d3b\u0d3c\u0d4d\u0dca\u1037\u1039\u103a\u108d\u17d2\u17dd\ua953\ua9b3\ua9c0]/gu;
const OTHERS = /[^\p{ASCII}]|`/gu;

/** The text as the search compares it: without case, accents, width, and differences that nobody types. */
export function fold(text) {
	const replaced = text
		.replace(IGNORABLE, "")
		.replace(OTHERS, (character) => REPLACEMENTS.get(character) ?? character);
	const letters = replaced
		.normalize("NFKD")
		.toLowerCase()
		.normalize("NFKD")
		.replace(MARKS, "")
		.replace(IGNORABLE, "");
	return letters.replace(OTHERS, foldLetter).replace(/[\s\u0085]+/gu, " ");
}

function foldLetter(character) {
	const replacement = REPLACEMENTS.get(character);
	if (replacement !== undefined) return replacement;
	if (/\p{Nd}/u.test(character)) return digitValue(character.codePointAt(0));
	if (/[\p{Pi}\p{Pf}]/u.test(character)) return '"';
	return /\p{Pd}/u.test(character) ? "-" : character;
}

/** Digits stand in runs of ten, from 0 to 9. */
function digitValue(code) {
	let first = code;
	while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
	return String((code - first) % 10);
}

/** Splits a text at the first match of a search: [[text, isMatch], …]. */
export function splitAtMatch(text, search) {
	const term = fold(search ?? "").trim();
	const characters = [...text];
	// The folded text may have another length: `origins` leads from its letters back to the characters.
	let folded = "";
	const origins = [];
	characters.forEach((character, index) => {
		const letters = fold(character);
		if (letters === " " && folded.endsWith(" ")) return;
		folded += letters;
		for (let count = letters.length; count > 0; count -= 1) origins.push(index);
	});
	const start = term ? folded.indexOf(term) : -1;
	if (start < 0) return [[text, false]];
	const [first, last] = [origins[start], origins[start + term.length - 1] + 1];
	/** @type {[string[], boolean][]} */
	const parts = [
		[characters.slice(0, first), false],
		[characters.slice(first, last), true],
		[characters.slice(last), false],
	];
	return parts.filter(([part]) => part.length).map(([part, isMatch]) => [part.join(""), isMatch]);
}
