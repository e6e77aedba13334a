"""What the handbook's search looks through: codes, names, addresses, estates, key units and points.

Built once for a state of the store. Words are kept folded, as they are compared: full width, case, blanks
and Chinese numerals do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from governance.metrics.pinyin import initials

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    IntArray = NDArray[np.int64]

PlaceKind = Literal["code", "name", "address", "alias", "estate", "unit", "point"]

_NUMERAL = re.compile(r"[零〇一二三四五六七八九十百]+")
_DIGITS = dict(zip("零〇一二三四五六七八九", (0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_SEPARATOR = re.compile(r"[\s\-—–－_·、,，.。()（）#/]+")
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[\-—–－]+(?=\d)")
_KEPT_DASH = "\x00"
CODE_PART = re.compile(r"[a-z]+|\d+")


@dataclass(frozen=True)
class Place:
    """One thing that can be meant: its words, what they are, and the micro-grid they lead to.

    `of` is the official address behind an alias, else the words themselves; `lon` and `lat` are
    degrees (WGS-84) or NaN.
    """

    text: str
    kind: PlaceKind
    microgrid_code: str
    of: str = ""
    lon: float = float("nan")
    lat: float = float("nan")


@dataclass(frozen=True)
class Letters:
    """Many short texts as one array of characters, each after a line break: looked through at once."""

    codes: NDArray[np.uint32]
    starts: IntArray

    def holding(self, needle: str, *, at_start: bool = False) -> IntArray:
        """The numbers of the texts in which `needle` stands, or with which they begin; ascending."""
        wanted = np.frombuffer(needle.encode("utf-32-le"), dtype=np.uint32)
        if at_start:
            places = self.starts[self.codes[self.starts] == wanted[0]]
        else:
            places = np.flatnonzero(self.codes == wanted[0])
        places = places[places + len(wanted) <= len(self.codes)]
        for offset, code in enumerate(wanted[1:], start=1):
            places = places[self.codes[places + offset] == code]
        return np.unique(np.searchsorted(self.starts, places, side="right") - 1)

    def goes_on_with_digit(self, numbers: IntArray, length: int) -> NDArray[np.bool_]:
        """Whether the character after the first `length` ones is a digit."""
        after = self.codes[self.starts[numbers] + length]
        return np.asarray((after >= ord("0")) & (after <= ord("9")))


def letters_of(texts: list[str]) -> Letters:
    """The array of some texts."""
    lengths = np.array([len(text) + 1 for text in texts], dtype=np.int64)
    starts = 1 + np.concatenate([[0], np.cumsum(lengths)])[: len(texts)].astype(np.int64)
    joined = "\n" + "".join(f"{text}\n" for text in texts)
    return Letters(np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32), starts)


@dataclass(frozen=True)
class SearchIndex:
    """Keys in the order of their length and words, each leading to a place.

    `places` holds the place of each key, `place_of` and `cell_of` tell equal places and equal
    micro-grids by number; `initials_of` is the key of each reading in `initials`; `grams` the keys
    that have a piece of text, `grams_n` how many pieces a key has.
    """

    places: tuple[Place, ...]
    place_of: IntArray
    cell_of: IntArray
    keys: tuple[str, ...]
    letters: Letters
    number_of: Mapping[str, tuple[int, ...]]
    initials: Letters
    initials_of: IntArray
    grams: Mapping[str, IntArray]
    grams_n: IntArray


# ----------------------------------------------------------------------------------- folding
def _number(found: re.Match[str]) -> str:
    """A Chinese numeral as digits: 四十八 → 48, 二〇三 → 203; 十 or 百 alone are words."""
    text = found[0]
    if not any(one in _DIGITS for one in text):
        return text
    if "十" not in text and "百" not in text:
        return "".join(str(_DIGITS[one]) for one in text)
    total, digit = 0, 0
    for one in text:
        if one in _DIGITS:
            digit = _DIGITS[one]
        else:
            total += max(digit, 1) * (10 if one == "十" else 100)
            digit = 0
    return str(total + digit)


def folded_key(text: str) -> str:
    """Words as they are compared: NFKC, small letters, digits for numerals, dashes only between digits."""
    plain = _NUMERAL.sub(_number, unicodedata.normalize("NFKC", text)).lower()
    return _SEPARATOR.sub("", _BETWEEN_DIGITS.sub(_KEPT_DASH, plain)).replace(_KEPT_DASH, "-")


def code_keys(code: str) -> tuple[str, ...]:
    """A code as it may be typed: xtw0103, xtw-1-3."""
    parts = CODE_PART.findall(unicodedata.normalize("NFKC", code).lower())
    loose = "-".join(part.lstrip("0") or "0" if part.isdigit() else part for part in parts)
    return tuple(dict.fromkeys(("".join(parts), loose)))


# ---------------------------------------------------------------------------------- building
def search_index(
    *,
    microgrids: pd.DataFrame,
    addresses: pd.DataFrame,
    estates: pd.DataFrame,
    key_units: pd.DataFrame,
    points: pd.DataFrame,
) -> SearchIndex:
    """The index of the reference frames; `points` needs a microgrid_code beside its own columns.

    An address that two micro-grids share stands twice. Rows that lead to no micro-grid are left out.
    """
    places = dict.fromkeys(
        (
            *_areas(microgrids),
            *_addresses(addresses),
            *_named(estates, "estate"),
            *_named(key_units, "unit"),
            *_named(points, "point"),
        )
    )
    rows = {(key, place) for place in places for key in _keys(place) if key}
    ordered = sorted(rows, key=lambda one: (len(one[0]), one[0], one[1].kind, one[1].microgrid_code))
    return _indexed([key for key, _ in ordered], [place for _, place in ordered])


def _numbered(values: Iterable[object]) -> IntArray:
    """Equal values by the same number."""
    known: dict[object, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values], dtype=np.int64)


def _indexed(keys: list[str], places: list[Place]) -> SearchIndex:
    number_of: dict[str, list[int]] = {}
    grams: dict[str, list[int]] = {}
    grams_n = np.zeros(len(keys), dtype=np.int64)
    for number, key in enumerate(keys):
        number_of.setdefault(key, []).append(number)
        own = grams_of(key)
        grams_n[number] = len(own)
        for gram in own:
            grams.setdefault(gram, []).append(number)
    read = [
        (letters, number)
        for number, place in enumerate(places)
        if place.kind != "code"
        for letters in initials(place.text)
        if len(letters) > 1
    ]
    return SearchIndex(
        places=tuple(places),
        place_of=_numbered((place.text, place.microgrid_code) for place in places),
        cell_of=_numbered(place.microgrid_code for place in places),
        keys=tuple(keys),
        letters=letters_of(keys),
        number_of={key: tuple(numbers) for key, numbers in number_of.items()},
        initials=letters_of([letters for letters, _ in read]),
        initials_of=np.array([number for _, number in read], dtype=np.int64),
        grams={gram: np.array(numbers, dtype=np.int64) for gram, numbers in grams.items()},
        grams_n=grams_n,
    )


def grams_of(key: str) -> set[str]:
    """Single characters and neighbours: short Chinese names share too few neighbours alone."""
    edged = f"^{key}$"
    return {*key, *(edged[place : place + 2] for place in range(len(edged) - 1))}


def _keys(place: Place) -> Iterator[str]:
    if place.kind == "code":
        yield from code_keys(place.text)
        return
    yield folded_key(place.text)


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip()  # type: ignore[call-overload]


def _areas(microgrids: pd.DataFrame) -> Iterator[Place]:
    for row in microgrids[["microgrid_code", "name"]].to_dict("records"):
        code, name = _text(row["microgrid_code"]), _text(row["name"])
        if code:
            yield Place(code, "code", code, code)
        if code and name:
            yield Place(name, "name", code, name)


def split_aliases(text: str) -> tuple[str, ...]:
    """The aliases of a cell, divided by 、 or a comma."""
    return tuple(part.strip() for part in re.split(r"[、,，;；]", text) if part.strip())


def _addresses(addresses: pd.DataFrame) -> Iterator[Place]:
    columns = ["address", "aliases", "microgrid_code", "lon", "lat"]
    for row in addresses[columns].to_dict("records"):
        address, code = _text(row["address"]), _text(row["microgrid_code"])
        if not address or not code:
            continue
        at = (float(row["lon"]), float(row["lat"])) if pd.notna(row["lon"]) else (np.nan, np.nan)
        yield Place(address, "address", code, address, *at)
        for alias in split_aliases(_text(row["aliases"])):
            yield Place(alias, "alias", code, address, *at)


def _named(frame: pd.DataFrame, kind: PlaceKind) -> Iterator[Place]:
    for row in frame[[*{"name", "microgrid_code"}, *({"lon", "lat"} & set(frame))]].to_dict("records"):
        name, code = _text(row["name"]), _text(row["microgrid_code"])
        if name and code:
            at = (float(row["lon"]), float(row["lat"])) if pd.notna(row.get("lon")) else (np.nan, np.nan)
            yield Place(name, kind, code, name, *at)
