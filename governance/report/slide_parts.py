"""The small parts of a slide on the meeting screen: texts that fit, state marks, rows of items and figures.

Lengths are units of a 1080th of the screen's height (`--u` in ui/screen.css); a text is as large as
its place allows, from a short list of sizes that stays above the floor of the room: 34, labels 44,
headline numbers 96. Colours are the custom properties of both palettes, so one markup serves light
and dark. Every text from the model is escaped here.
"""

from __future__ import annotations

import re
from dataclasses import asdict
from html import escape
from typing import TYPE_CHECKING, Literal

from governance.figures.theme import LIGHT
from governance.report.marks import SHAPES
from governance.report.wording import width_of
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Sequence

    from governance.report.model import Figure, Item, Mark

_OwnerPlace = Literal["basis", "title", "below"]
FLOOR = 34
TITLE_SIZES = (58, 54, 50, 46, 44)
LABEL_SIZES = (48, 46, 44)
NOTE_SIZES = (44, 40, 36, FLOOR)
SMALL_SIZES = (36, FLOOR)
VALUE_SIZE, VALUE_SIZE_DENSE, UNIT_SIZE = 116, 96, 48
# A room a little wider than what the widths of characters add up to: faces differ.
_SLACK = 1.05
_GAP = 24
_DENSE_BELOW = 150
# An item below figures: a line of at most 48 and two of 36.
REMARK = 158
_REMARK_SIZES = (*LABEL_SIZES, 40)
# Room for last week beside a ruler, the same in every row: shares share one ruler.
_PREVIOUS = 350
_MARK = 60
_IN_NUMBER = re.compile(r"[\d.,]{2}")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_VARIABLES = {colour: f"var(--{name.replace('_', '-')})" for name, colour in asdict(LIGHT).items()}


def colour_variable(colour: str) -> str:
    """A colour of the light palette as the custom property that both palettes set."""
    return _VARIABLES[colour]


def room_of(text: str, size: float) -> float:
    """The width a text of a size takes, in units."""
    return width_of(text) * size * _SLACK


def fitted(text: str, room: float, sizes: Sequence[int]) -> tuple[str, int]:
    """The text and the largest size at which it fits one line; cut with … where none does."""
    for size in sizes:
        if room_of(text, size) <= room:
            return text, size
    least = sizes[-1]
    kept = text
    while kept and room_of(f"{kept}…", least) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…", least


def wrapped(text: str, room: float, size: int, *, most: int = 2) -> tuple[str, ...]:
    """The text on as many lines as it needs, at most `most`; the last is cut with … where that is too few."""
    lines: list[str] = []
    rest = text.strip()
    while rest and len(lines) < most - 1 and room_of(rest, size) > room:
        end = len(rest)
        while end > 1 and room_of(rest[:end], size) > room:
            end -= 1
        # A line does not begin with a mark that belongs to the one before, nor part a number.
        while end > 1 and (rest[end] in "，。；、）%" or _IN_NUMBER.fullmatch(rest[end - 1 : end + 1])):
            end -= 1
        lines.append(rest[:end].rstrip())
        rest = rest[end:].lstrip()
    return (*lines, fitted(rest, room, (size,))[0]) if rest else tuple(lines)


def note_html(text: str, room: float, sizes: Sequence[int], *, most: int = 2) -> str:
    """A note on one line where it fits, else on two of the least size."""
    if room_of(text, sizes[-1]) <= room:
        return line_html(text, room, sizes, css="soft")
    lines = wrapped(text, room, sizes[-1], most=most)
    return "".join(line_html(line, room, sizes[-1:], css="soft") for line in lines)


def line_html(text: str, room: float, sizes: Sequence[int], *, css: str = "") -> str:
    """One line of text at the largest size that fits; nothing where there is no text."""
    if not text:
        return ""
    kept, size = fitted(text, room, sizes)
    return f'<div class="{f"line {css}".strip()}" style="--s:{size}">{escape(kept)}</div>'


# --------------------------------------------------------------------------------- marks
def mark_svg(mark: Mark, *, size: int = _MARK) -> str:
    """A state mark; empty for none. Its meaning is the word beside it."""
    shape = SHAPES.get(mark)
    if shape is None:
        return ""
    colour = colour_variable(shape.colour)
    paint = f"fill:{colour};stroke:var(--ink-2);stroke-width:2"
    if shape.fill in ("hollow", "half", "dashed"):
        paint = f"fill:var(--page);stroke:{colour};stroke-width:6"
    if shape.fill == "dashed":
        paint += ";stroke-dasharray:11 7"
    if shape.fill in ("dots", "stripes"):
        paint = f"fill:url(#slide-{'no-data' if shape.fill == 'dots' else 'never'});stroke:var(--ink-2);"
        paint += "stroke-width:2"
    bodies = {
        "circle": f'<circle cx="32" cy="32" r="25" style="{paint}"/>',
        "diamond": f'<path d="M32,4L60,32L32,60L4,32Z" style="{paint}"/>',
        "square": f'<rect x="8" y="8" width="48" height="48" style="{paint}"/>',
        "triangle": f'<path d="M32,7L60,56L4,56Z" style="{paint};stroke-linejoin:round"/>',
        "bars": f'<path d="M16,8h11v48h-11ZM37,8h11v48h-11Z" style="fill:{colour}"/>',
    }
    half = f'<path d="M32,7a25,25 0 0,1 0,50Z" style="fill:{colour}"/>' if shape.fill == "half" else ""
    return (
        f'<svg class="mark" viewBox="0 0 64 64" style="--s:{size}" aria-hidden="true">'
        f"{bodies[shape.outline]}{half}</svg>"
    )


def patterns_svg() -> str:
    """The stripes of never and the dots of no data, once for all slides."""
    return (
        '<svg class="defs" width="0" height="0" aria-hidden="true"><defs>'
        '<pattern id="slide-never" width="13" height="13" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect width="13" height="13" style="fill:var(--card)"/>'
        '<rect width="6" height="13" style="fill:var(--plum)"/></pattern>'
        '<pattern id="slide-no-data" width="11" height="11" patternUnits="userSpaceOnUse">'
        '<rect width="11" height="11" style="fill:var(--band)"/>'
        '<circle cx="5.5" cy="5.5" r="2.4" style="fill:var(--no-data)"/></pattern></defs></svg>'
    )


# --------------------------------------------------------------------------------- numbers
def _value_room(value: str, unit: str, size: int, *, unit_least: int = 112) -> float:
    number = room_of(value, size) if value else 0
    return number + (max(unit_least, room_of(unit, UNIT_SIZE) + 16) if unit else 0)


def _value_html(value: str, unit: str, size: int, *, is_struck: bool = False) -> str:
    if not value:
        return ""
    number = f'<s class="number">{escape(value)}</s>' if is_struck else escape(value)
    number = number if is_struck else f'<span class="number">{number}</span>'
    after = f'<span class="unit">{escape(unit)}</span>' if unit else ""
    return f'<div class="value" style="--s:{size}">{number}{after}</div>'


# --------------------------------------------------------------------------------- items
def items_html(items: Sequence[Item], *, width: int, height: int, most: int) -> str:
    """Rows of items, each with its state, what is so, what that rests on and one big number.

    The rows share `height`, none above `most` units.
    """
    if not items:
        return ""
    tall = min(most, height // len(items))
    words = max(room_of(item.word, 44) for item in items)
    state = max(176, round(words) + _GAP) if any(item.word or item.mark != "none" for item in items) else 0
    size = VALUE_SIZE_DENSE if tall < _DENSE_BELOW else VALUE_SIZE
    ends = (_value_room(item.value, item.unit, size) + _GAP if item.value else 0 for item in items)
    rooms = [width - state - end for end in ends]
    pairs = list(zip(items, rooms, strict=True))
    # Whom to ask stands at the same place in every row: after the basis, else after the title, else below.
    place: _OwnerPlace = "below"
    if tall < _DENSE_BELOW or all(room_of(_basis(item), 40) <= room for item, room in pairs):
        place = "basis"
    elif all(room_of(item.title, 50) + _owner_room(item) <= room for item, room in pairs):
        place = "title"
    return "".join(_item_html(item, room, tall, state, place) for item, room in pairs)


def _owner_room(item: Item) -> float:
    return room_of(_owner(item), SMALL_SIZES[0]) + _GAP if item.owner else 0


def _owner(item: Item) -> str:
    return t("screen.owner", owner=item.owner) if item.owner else ""


def _basis(item: Item) -> str:
    """What an item rests on and whom to ask."""
    return "　".join(part for part in (item.sub, _owner(item)) if part)


def _item_html(item: Item, room: float, tall: int, state: int, place: _OwnerPlace) -> str:
    is_dense = tall < _DENSE_BELOW
    size = VALUE_SIZE_DENSE if is_dense else VALUE_SIZE
    mark = mark_svg(item.mark, size=46 if is_dense else _MARK)
    word = f'<div class="word">{escape(item.word)}</div>' if item.word else ""
    first = f'<div class="state" style="--w:{state}">{mark}{word}</div>' if state else ""
    return (
        f'<div class="item" style="--h:{tall}">{first}'
        f'<div class="said">{_said_html(item, room, place, is_dense=is_dense)}</div>'
        f"{_value_html(item.value, item.unit, size)}</div>"
    )


def _said_html(item: Item, room: float, place: _OwnerPlace, *, is_dense: bool) -> str:
    """The title, what it rests on, and whom to ask."""
    if place == "basis":
        titles, notes = (TITLE_SIZES[2:], SMALL_SIZES) if is_dense else (TITLE_SIZES, NOTE_SIZES)
        title = line_html(item.title, room, titles, css="strong")
        return title + line_html(_basis(item), room, notes, css="soft")
    if place == "title":
        title = line_html(item.title, room - _owner_room(item), TITLE_SIZES[:3], css="strong")
        owner = line_html(_owner(item), room, SMALL_SIZES, css="soft owner")
        return f'<div class="first">{title}{owner}</div>{note_html(item.sub, room, (44, 40, 36))}'
    title = line_html(item.title, room, TITLE_SIZES[1:], css="strong")
    sub = line_html(item.sub, room, NOTE_SIZES[1:], css="soft")
    return title + sub + line_html(_owner(item), room, SMALL_SIZES, css="soft")


def remark_html(item: Item, *, width: int) -> str:
    """An item below figures: mark, state and title on one line, its number and what that rests on below."""
    mark = mark_svg(item.mark, size=46)
    headed = f"{item.word}：{item.title}" if item.word else item.title
    title = line_html(headed, width - (62 if mark else 0), _REMARK_SIZES, css="strong")
    is_said = not item.value or item.value in item.title or item.value in item.sub
    words = "" if is_said else f"{item.value} {item.unit}".strip()
    said = "　".join(part for part in (words, item.sub) if part)
    both = "　".join(part for part in (said, _owner(item)) if part)
    if room_of(both, 36) > width >= room_of(said, 36):
        below = line_html(said, width, SMALL_SIZES, css="soft")
        below += line_html(_owner(item), width, SMALL_SIZES, css="soft")
    else:
        # Where even two lines are too few, whom to ask stands with the headline.
        below = note_html(both if room_of(both, 36) <= width else said, width, (44, 40, 36))
    return f'<div class="remark" style="--h:{REMARK}"><div class="first">{mark}{title}</div>{below}</div>'


# --------------------------------------------------------------------------------- figures
def _share(text: str) -> float | None:
    found = _NUMBER.search(text)
    return min(float(found[0]), 100.0) if found else None


def bar_svg(figure: Figure, *, width: float, height: int = 26) -> str:
    """A share on the ruler from 0 to 100 %, its target an open box; empty for what is no share."""
    share = _share(figure.value) if figure.unit == "%" else None
    if share is None:
        return ""
    target = _share(figure.target)
    box = ""
    if target is not None:
        x = min(max(target / 100 * width - 5, 2), width - 12)
        box = f'<rect x="{x:.1f}" y="2" width="10" height="{height - 4}" class="open-box"/>'
    return (
        f'<svg class="drawn bar" viewBox="0 0 {width:.0f} {height}" style="--w:{width:.0f};--h:{height}"'
        f' aria-hidden="true"><rect y="5" width="{width:.0f}" height="{height - 10}" class="rest"/>'
        f'<rect y="5" width="{share / 100 * width:.1f}" height="{height - 10}" class="actual"/>{box}</svg>'
    )


def _state_html(figure: Figure) -> str:
    if not figure.word:
        return ""
    return f'<div class="sign">{mark_svg(figure.mark, size=40)}<span>{escape(figure.word)}</span></div>'


def figure_row_html(figure: Figure, *, width: int, height: int) -> str:
    """A figure in a column: name, state and basis; the number at the right; ruler and last week below.

    The state stands beside the name where both fit, else beside the basis; where it would cut that,
    beside the short name.
    """
    size = 104 if height >= 190 else VALUE_SIZE_DENSE
    room = width - _value_room(figure.value, figure.unit, size, unit_least=0) - _GAP
    basis = t("screen.struck") if figure.is_struck else figure.basis
    state = room_of(figure.word, 44) + 74 if figure.word else 0
    has_room_below = room_of(basis, FLOOR) + state <= room
    names = (figure.label,) if has_room_below else (figure.label, figure.short)
    beside = next((name for name in names if name and room_of(name, LABEL_SIZES[-1]) + state <= room), "")
    label = line_html(beside or figure.label, room - (state if beside else 0), LABEL_SIZES)
    below = line_html(basis, room - (0 if beside else state), NOTE_SIZES, css="soft")
    sign = _state_html(figure)
    rows = (label + sign, below) if beside else (label, sign + below)
    lines = "".join(f'<div class="name">{row}</div>' for row in rows)
    previous = line_html(figure.previous, _PREVIOUS, SMALL_SIZES, css="soft")
    return (
        f'<div class="figure-row" style="--h:{height}"><div class="top"><div class="left">{lines}</div>'
        f"{_value_html(figure.value, figure.unit, size, is_struck=figure.is_struck)}</div>"
        f'<div class="below">{bar_svg(figure, width=width - _PREVIOUS - _GAP)}{previous}</div></div>'
    )


def figure_card_html(figure: Figure, *, width: int) -> str:
    """A figure in a row of figures: name, number, state, basis and last week one below the other."""
    size = next((s for s in (108, 96) if _value_room(figure.value, figure.unit, s) <= width), 96)
    basis = t("screen.struck") if figure.is_struck else figure.basis
    return (
        f'<div class="figure-card" style="--w:{width}">'
        f"{line_html(figure.label, width, LABEL_SIZES)}"
        f"{_value_html(figure.value, figure.unit, size, is_struck=figure.is_struck)}"
        f"{_state_html(figure)}{line_html(basis, width, NOTE_SIZES, css='soft')}"
        f"{line_html(figure.previous, width, SMALL_SIZES, css='soft')}</div>"
    )
