"""Folds text for searching: the stored texts and the search term by the same rule.

It is done in Python, so that it does not depend on the locale of the database. The rule works character by
character; docs/search.md shows it with examples, and `inbox/frontend/core/folding.mjs` highlights by it.
"""

import re
import unicodedata
from string import ascii_lowercase

# Letters that Unicode does not decompose, as people type them on a keyboard without them.
LETTERS = {
    "đ": "d", "ħ": "h", "ı": "i", "ĸ": "k", "ł": "l", "ŋ": "ng", "ø": "o", "œ": "oe", "æ": "ae", "þ": "th",
    "ð": "d", "ə": "e", "ǝ": "e", "ŧ": "t", "ƀ": "b", "ɓ": "b", "ƈ": "c", "ɖ": "d", "ɗ": "d", "ƒ": "f",
    "ǥ": "g", "ɠ": "g", "ɣ": "g", "ɦ": "h", "ɨ": "i", "ɩ": "i", "ȷ": "j", "ƙ": "k", "ɫ": "l", "ƚ": "l",
    "ɲ": "n", "ƞ": "n", "ɔ": "o", "ɛ": "e", "ɵ": "o", "ƥ": "p", "ɍ": "r", "ʂ": "s", "ƭ": "t", "ʈ": "t",
    "ʉ": "u", "ʊ": "u", "ʋ": "v", "ƴ": "y", "ɏ": "y", "ƶ": "z", "ʒ": "z", "ȥ": "z", "ⱥ": "a", "ȼ": "c",
    "ɇ": "e", "ɉ": "j", "ɑ": "a", "ɡ": "g", "ⱡ": "l", "ᵽ": "p", "ⱦ": "t", "ʃ": "s",
    # Arabic: variants of ye, kaf, heh and alef, which keyboards of different languages write differently.
    "ى": "ي", "ی": "ي", "ې": "ي", "ۍ": "ي", "ێ": "ي", "ے": "ي", "ک": "ك", "ڪ": "ك",
    "ہ": "ه", "ھ": "ه", "ە": "ه", "ة": "ه", "ۃ": "ه", "ٱ": "ا",
}  # fmt: skip
SIGNS = {
    **dict.fromkeys("‘’‚‛‹›′‵´ʹʻʼʽʾʿˈˊˋꞌ՚׳", "'"),
    **dict.fromkeys("“”„‟«»″‶〝〞〟ˮ״", '"'),
    **dict.fromkeys("−⁃", "-"),
    "〜": "~",
    "゠": "=",
    "ـ": "",  # tatweel only stretches a word
}
# What was added to the rule after rows had been folded by the tables above: see fold_by_former_rules().
ADDED = {
    # Small capitals, and letters in dark circles and squares, with which people decorate their names.
    **dict(zip("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz", strict=True)),
    **dict(zip("🅐🅑🅒🅓🅔🅕🅖🅗🅘🅙🅚🅛🅜🅝🅞🅟🅠🅡🅢🅣🅤🅥🅦🅧🅨🅩", ascii_lowercase, strict=True)),
    **dict(zip("🅰🅱🅲🅳🅴🅵🅶🅷🅸🅹🅺🅻🅼🅽🅾🅿🆀🆁🆂🆃🆄🆅🆆🆇🆈🆉", ascii_lowercase, strict=True)),
    # Letters with a stroke, hook or tail of alphabets in use or used until lately, and ligatures.
    **dict(zip("ƃƌꞓꞔꞙꞡⱨꝁⱪꞣꝉꞑꞥɽꞧꞩꞹⱱⱳɋⱬ", "bdccfghkkklnnrrsuvwqz", strict=True)),
    "ƣ": "g", "ꜳ": "aa", "ꜵ": "ao", "ꜷ": "au", "ꜹ": "av", "ꜽ": "ay", "ꝏ": "oo", "ꝡ": "vy",
    "ؠ": "ي", "ۿ": "ه",
    # Ornaments, backtick, marks of tone and breathing that stand as apostrophes, quotes of Han and kana.
    **dict.fromkeys("`❛❜❟❮❯΄᾽᾿῾\u1ffdˀˁ˴ߴߵՙ", "'"),
    **dict.fromkeys("❝❞❠🙶🙷🙸⹂ʺ˝˵˶「」『』", '"'),
    **dict.fromkeys("˗⁒➖", "-"),
    **dict.fromkeys("⁓˜∼", "~"),
}  # fmt: skip
TABLE = {**LETTERS, **SIGNS, **ADDED}
# The code points with Unicode's property Default_Ignorable_Code_Point, which Python's library lacks.
IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
SPACES = re.compile(r"\s+")
QUOTES, DASH, OTHER_NUMBER = ("Pi", "Pf"), "Pd", "No"  # categories of Unicode
# Scripts that put no space between words: Thai, Lao, Myanmar, Khmer, kana, Han. Two of their characters are a
# term. models/sql/search_keys.sql has the same ranges.
UNSPACED_RANGES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U000323af"
)
UNSPACED = re.compile(f"[{UNSPACED_RANGES}]")


def fold(text: str) -> str:
    """Return the text for searching: without case, accents, width, and differences that nobody types."""
    folded = text.lower().replace("`", "'") if text.isascii() else text.translate(_FOLDED)
    if "  " not in folded and folded.isprintable():
        return folded
    return SPACES.sub(" ", folded)


def search_text(name: str, last_message: str) -> str:
    """Return what the list's search reads: the folded name, a line break, and the folded last message."""
    return f"{fold(name)}\n{fold(last_message)}"


def fold_by_former_rules(text: str) -> list[str]:
    """Fold as earlier versions did: rows have such texts until search.index.refold has seen them."""
    without_added = "".join(_fold_first(one) if _is_added(one) else _FOLDED[ord(one)] for one in text)
    return [SPACES.sub(" ", without_added), _fold_first(text)]


def _fold_first(text: str) -> str:
    """Fold by the first rule, which knew no tables."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _is_added(character: str) -> bool:
    """Whether ADDED, or a category that came with it, decides what becomes of the character."""
    first = _fold_first(character)
    if character in ADDED or first in ADDED:
        return True
    return first not in TABLE and unicodedata.category(character) in (*QUOTES, OTHER_NUMBER)


def fold_with_positions(text: str) -> tuple[str, list[int]]:
    """Return the folded text, and for each of its characters the position in `text` that it comes from."""
    folded: list[str] = []
    positions: list[int] = []
    for position, character in enumerate(text):
        for letter in _FOLDED[ord(character)]:
            if letter != " " or folded[-1:] != [" "]:
                folded.append(letter)
                positions.append(position)
    return "".join(folded), positions


class _FoldedCharacters(dict[int, str]):
    """What each character becomes, computed when it first appears. Unassigned characters are not kept."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = _fold_character(character)
        if unicodedata.category(character) not in ("Cn", "Co"):
            self[code] = folded
        return folded


def _fold_character(character: str) -> str:
    if IGNORABLE.match(character):
        return ""
    if character in TABLE:  # before Unicode's rules: it decomposes some of them into a space and a mark
        return TABLE[character]
    # Case folding may make a character that can be decomposed.
    folded = _without_marks(unicodedata.normalize("NFKD", character)).casefold()
    return "".join(_fold_part(part) for part in _without_marks(unicodedata.normalize("NFKD", folded)))


def _without_marks(text: str) -> str:
    return "".join(
        part for part in text if not (unicodedata.combining(part) or unicodedata.category(part) == "Me")
    )


def _fold_part(part: str) -> str:
    if IGNORABLE.match(part):
        return ""
    if part in TABLE:
        return TABLE[part]
    digit = unicodedata.digit(part, None)
    if digit is not None:  # of all scripts
        return str(digit)
    category = unicodedata.category(part)
    if category in QUOTES:
        return '"'
    if category == DASH:
        return "-"
    return " " if part.isspace() else part


_FOLDED = _FoldedCharacters()
