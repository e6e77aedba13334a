"""Which micro-grid is meant: a search over the handbook's index, in tiers.

It is no metric, but lives with them because it, too, takes what is known and answers without a clock or a
file. The first tier that fits wins: an exact code, an exact name or address, the beginning of one, a part of
one, an address with more behind it (48号3栋), pinyin initials, and last what differs by a slip. A slip is
never let pass in a number: 72号 is not 71号.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from governance.metrics.handbook_index import CODE_PART, code_keys, folded_key, grams_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from governance.metrics.handbook_index import IntArray, Place, SearchIndex

Tier = Literal["code", "exact", "prefix", "contains", "within", "initials", "near"]
TIERS: tuple[Tier, ...] = get_args(Tier)

MOST_SHOWN = 12
_MOST_TYPED = 60
_FIRST_TIER_SHOWN = 8
_NEAR_OF_STREET = 4
_LEAST_WITHIN, _LEAST_INITIALS, _LEAST_SURE = 3, 2, 4
_NEAR_POOL, _NEAR_RATIO, _NEAR_LEAD, _BEGINNING_COSTS = 120, 0.6, 0.04, 0.02
_LATIN = re.compile(r"[a-z][a-z0-9]*|[0-9]+[a-z][a-z0-9]*")
_DOOR_END = "号"


@dataclass(frozen=True)
class Hit:
    """A place that fits, and how."""

    place: Place
    tier: Tier


@dataclass(frozen=True)
class Answer:
    """What a search found.

    `chosen` is the one place that is meant, None when there are several micro-grids to choose
    from or none; `hits` the candidates, best first, at most `MOST_SHOWN`; `places_n` how many
    fit in all; `is_near` says that nothing fits and what is shown differs by a slip.
    """

    query: str
    chosen: Place | None
    hits: tuple[Hit, ...]
    places_n: int
    is_near: bool = False


def search(index: SearchIndex, query: str) -> Answer:
    """What a text means, in tiers; nothing for an empty one."""
    typed = query[:_MOST_TYPED]
    key = folded_key(typed)
    if not key:
        return Answer(query, None, (), 0)
    tiers = [(tier, numbers) for tier, numbers in _tiers(index, typed, key) if len(numbers)]
    if not tiers:
        return _near(index, query, key)
    first = tiers[0][1]
    is_one = len(np.unique(index.cell_of[first])) == 1
    chosen = index.places[first[0]] if is_one else None
    if chosen is not None:
        tiers = tiers[:1]
    hits = _shown(index, tiers)
    fitting = np.concatenate([numbers for _, numbers in tiers])
    return Answer(query, chosen, hits, len(np.unique(index.place_of[fitting])))


def _shown(index: SearchIndex, tiers: list[tuple[Tier, IntArray]]) -> tuple[Hit, ...]:
    """The best of each tier: the first leaves room for the others."""
    found: dict[tuple[str, str], Hit] = {}
    for order, (tier, numbers) in enumerate(tiers):
        most = _FIRST_TIER_SHOWN if order == 0 and len(tiers) > 1 else MOST_SHOWN
        for number in numbers:
            if len(found) >= most:
                break
            place = index.places[number]
            found.setdefault((place.text, place.microgrid_code), Hit(place, tier))
    return tuple(found.values())


def _tiers(index: SearchIndex, query: str, key: str) -> Iterator[tuple[Tier, IntArray]]:
    """Every tier with what fits, the better ones first; later ones only while the first are open."""
    code = [number for one in code_keys(query) for number in _exact(index, one) if _is_code(index, number)]
    if code and CODE_PART.sub("", folded_key(query).replace("-", "")) == "":
        yield "code", np.array(code[:1], dtype=np.int64)
        return
    exact = [number for one in _spellings(key) for number in _exact(index, one)]
    if exact:
        yield "exact", np.array(sorted(set(exact)), dtype=np.int64)
        return
    prefix = index.letters.holding(key, at_start=True)
    yield "prefix", _whole_numbers_first(index, prefix, key)
    inside = index.letters.holding(key)
    yield "contains", np.setdiff1d(inside, prefix, assume_unique=True)
    if not len(inside):
        yield "within", _within(index, key)
    letters = key.replace("-", "")
    if len(letters) >= _LEAST_INITIALS and _LATIN.fullmatch(letters):
        yield "initials", _by_initials(index, letters)


def _is_code(index: SearchIndex, number: int) -> bool:
    return index.places[number].kind == "code"


def _exact(index: SearchIndex, key: str) -> tuple[int, ...]:
    return index.number_of.get(key, ())


def _spellings(key: str) -> tuple[str, ...]:
    """48号 and 48 are one door."""
    if key.endswith(_DOOR_END):
        return (key, key.removesuffix(_DOOR_END))
    return (key, key + _DOOR_END) if key[-1:].isdigit() else (key,)


def _whole_numbers_first(index: SearchIndex, numbers: IntArray, key: str) -> IntArray:
    """Keys that go on with another digit last: 48 before 480."""
    if not key[-1:].isdigit() or not len(numbers):
        return numbers
    is_longer = index.letters.goes_on_with_digit(numbers, len(key))
    return np.concatenate([numbers[~is_longer], numbers[is_longer]])


def _within(index: SearchIndex, key: str) -> IntArray:
    """The longest known words that stand in what was typed; a number is never cut in two."""
    for size in range(len(key) - 1, _LEAST_WITHIN - 1, -1):
        found = {
            number
            for start in range(len(key) - size + 1)
            if not _cuts_number(key, start, start + size)
            for number in _exact(index, key[start : start + size])
            if not _is_code(index, number)
        }
        if found:
            return np.array(sorted(found), dtype=np.int64)
    return np.array([], dtype=np.int64)


def _cuts_number(key: str, start: int, end: int) -> bool:
    return (key[start - 1 : start].isdigit() and key[start].isdigit()) or (
        key[end - 1].isdigit() and key[end : end + 1].isdigit()
    )


def _by_initials(index: SearchIndex, letters: str) -> IntArray:
    rows = index.initials.holding(letters, at_start=True)
    if not len(rows):
        rows = index.initials.holding(letters)
    return np.unique(index.initials_of[rows]) if len(rows) else rows


# --------------------------------------------------------------------------------------- near
def _near(index: SearchIndex, query: str, key: str) -> Answer:
    """What differs by a slip: chosen only when its numbers agree and nothing else is as close.

    In a short name one character is too much: 人和路 is not 人民路 with a slip.
    """
    scored = _closest(index, key)
    if not scored:
        return Answer(query, None, (), 0)
    hits = _near_hits(index, [number for _, number in scored])
    best, number = scored[0]
    rivals = {
        index.places[other].microgrid_code
        for score, other in scored
        if score > best - _NEAR_LEAD and other != number
    }
    place = index.places[number]
    is_same_number = _digits(index.keys[number]) == _digits(key)
    is_long = len(re.sub(r"\d", "", key).removesuffix(_DOOR_END)) >= _LEAST_SURE
    is_sure = is_same_number and is_long and rivals <= {place.microgrid_code}
    return Answer(query, place if is_sure else None, hits, len(hits), is_near=True)


def _near_hits(index: SearchIndex, numbers: Iterable[int]) -> tuple[Hit, ...]:
    """The nearest places, only a few of each street: the others may be the one that was meant."""
    found: dict[tuple[str, str], Hit] = {}
    streets: dict[str, int] = {}
    for number in numbers:
        place, street = index.places[number], _street(index.keys[number])
        if len(found) >= MOST_SHOWN or streets.get(street, 0) >= _NEAR_OF_STREET:
            continue
        if (place.text, place.microgrid_code) not in found:
            streets[street] = streets.get(street, 0) + 1
            found[place.text, place.microgrid_code] = Hit(place, "near")
    return tuple(found.values())


def _street(key: str) -> str:
    """What stands before the first digit."""
    return re.split(r"\d", key, maxsplit=1)[0]


def _closest(index: SearchIndex, key: str) -> list[tuple[float, int]]:
    """Keys by likeness to a text, the most alike first, all of them at least `_NEAR_RATIO`."""
    own = grams_of(key)
    held = [index.grams[gram] for gram in own if gram in index.grams]
    if not held:
        return []
    shared = np.bincount(np.concatenate(held), minlength=len(index.keys))
    dice = 2 * shared / (index.grams_n + len(own))
    pool = np.flatnonzero(dice > 0)
    if len(pool) > _NEAR_POOL:
        # The least likeness that still belongs to the pool; ties in the order of the keys.
        least = np.partition(dice, -_NEAR_POOL)[-_NEAR_POOL]
        pool = np.flatnonzero(dice >= least)[:_NEAR_POOL]
    matcher = SequenceMatcher(None, "", key, autojunk=False)
    scored = []
    for number in pool:
        known = index.keys[number]
        # A street typed with a slip has no door number: it is also held against the beginning alone.
        ratios = [0.0]
        for words in dict.fromkeys((known, known[: len(key)])):
            matcher.set_seq1(words)
            # The quick ratio is an upper bound.
            if matcher.quick_ratio() >= _NEAR_RATIO:
                ratios.append(matcher.ratio() - _BEGINNING_COSTS * (words != known))
        scored.append((max(ratios), int(number)))
    likeness = [one for one in scored if one[0] >= _NEAR_RATIO]
    return sorted(likeness, key=lambda one: (-one[0], one[1]))


def _digits(key: str) -> str:
    return re.sub(r"\D+", " ", key).strip()
