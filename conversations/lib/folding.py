"""Folds text for searching: the stored texts and the search term by the same rule.

It is done in Python, so that it does not depend on the locale of the database. The rule works character by
character; docs/search.md shows it with examples, and `inbox/frontend/core/folding.mjs` highlights by it.
"""

import re
import unicodedata

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
TABLE = {**LETTERS, **SIGNS}
# The code points with Unicode's property Default_Ignorable_Code_Point, which Python's library lacks.
IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
SPACES = re.compile(r"\s+")
# Scripts that put no space between words: Thai, Lao, Myanmar, Khmer, kana, Han. Two of their characters are a
# term. models/sql/search_keys.sql has the same ranges.
UNSPACED_RANGES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u19e0-\u19ff\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u31f0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U000323af"
)
UNSPACED = re.compile(f"[{UNSPACED_RANGES}]")


def fold(text: str) -> str:
    """Return the text for searching: without case, accents, width, and differences that nobody types."""
    folded = text.lower() if text.isascii() else text.translate(_FOLDED)
    if "  " not in folded and folded.isprintable():
        return folded
    return SPACES.sub(" ", folded)


def search_text(name: str, last_message: str) -> str:
    """Return what the list's search reads: the folded name, a line break, and the folded last message."""
    return f"{fold(name)}\n{fold(last_message)}"


def fold_by_former_rule(text: str) -> str:
    """Fold as versions before this rule did: rows have such texts until search.index.refold has seen them."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


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
    category = unicodedata.category(part)
    if category == "Nd":  # the digits of all scripts
        return str(unicodedata.decimal(part))
    if category == "Pd":
        return "-"
    return " " if part.isspace() else part


_FOLDED = _FoldedCharacters()
