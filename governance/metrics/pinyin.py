"""The pinyin initials of a text: rmzl for 人民支路.

The 3,755 characters of GB 2312's first level stand in the order of their pinyin, so a character's
place in the code table gives its initial. Characters of the second level and beyond stand in the order of
their strokes: those that occur in this street's names are listed here, and any other has no initial.
Characters read in two ways in names of places have both.

Source: GB 2312-80, level 1, rows 16–55.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from itertools import product

_FIRST_CODES = (
    *(0xB0A1, 0xB0C5, 0xB2C1, 0xB4EE, 0xB6EA, 0xB7A2, 0xB8C1, 0xB9FE, 0xBBF7, 0xBFA6, 0xC0AC, 0xC2E8),
    *(0xC4C3, 0xC5B6, 0xC5BE, 0xC6DA, 0xC8BB, 0xC8F6, 0xCBFA, 0xCDDA, 0xCEF4, 0xD1B9, 0xD4D1),
)
_LETTERS = "abcdefghjklmnopqrstwxyz"
_LAST_CODE = 0xD7F9
# Beyond the first level, as they occur in names here and in the neighbouring streets.
_OTHERS = {
    **{"塆": "w", "沱": "t", "鑫": "x", "馨": "x", "磁": "c", "瓷": "c", "滩": "t", "璧": "b", "綦": "q"},
    **{"涪": "f", "陇": "l", "邺": "y", "垭": "y", "垇": "a", "囍": "x", "圳": "z", "埝": "n", "碚": "b"},
    **{"龚": "g", "轩": "x", "榕": "r", "桢": "z", "琅": "l", "璟": "j", "珑": "l", "怡": "y", "菁": "j"},
}
# Read in two ways; the code table knows one of them.
_DOUBLE = {"曾": "cz", "重": "cz", "行": "xh", "长": "cz", "朝": "cz", "乐": "ly", "厦": "sx"}
_MOST_READINGS = 8
_SEPARATORS = re.compile(r"[\s\-—–－·、,，.。()（）#]+")


def initial_of(character: str) -> str:
    """The initials a character may be read with; itself for letters and digits, empty where unknown."""
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    if character in _DOUBLE:
        return _DOUBLE[character]
    if character in _OTHERS:
        return _OTHERS[character]
    try:
        code = int.from_bytes(character.encode("gb2312"), "big")
    except UnicodeEncodeError:
        return ""
    if not _FIRST_CODES[0] <= code <= _LAST_CODE:
        return ""
    return _LETTERS[bisect_right(_FIRST_CODES, code) - 1]


def initials(text: str) -> tuple[str, ...]:
    """The initials of a text, one for each way it may be read, the usual one first.

    Letters and digits stay, everything else is left out; at most eight readings are told apart.
    """
    folded = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    choices = [letters for letters in map(initial_of, folded) if letters]
    readings = 1
    for place, letters in enumerate(choices):
        readings *= len(letters)
        if readings > _MOST_READINGS:
            choices[place:] = [one[:1] for one in choices[place:]]
            break
    return tuple(dict.fromkeys("".join(one) for one in product(*choices)))
