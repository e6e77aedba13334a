"""Text cells to typed values: stamps, numbers, ids, codes, booleans, phones.

Every function takes an Arrow array of text (null = empty cell) and returns the typed array,
with null where the text could not be read. Whole columns are tried in the common form first;
only what that leaves over goes through the slower forms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from governance.schema import FALSE_WORDS, TRUE_WORDS, schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STAMP = pa.timestamp("us", tz="Asia/Shanghai")
_NAIVE = pa.timestamp("us")

_YEAR_FIRST = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H", "%Y-%m-%d")
_YEAR_FIRST_HALVES = ("%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %I:%M %p")
_CLOCKS = (" %I:%M:%S %p", " %I:%M %p", " %H:%M:%S", " %H:%M", "")
_NAMED_MONTHS = ("%Y %b %d", "%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%b %d %Y")
_COMPACT = ("%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d")
# Excel counts days from here; 20,000 is 1954 and 80,000 is 2119.
_EXCEL_EPOCH_US = -2_209_161_600_000_000
_SERIAL = r"^[2-7]\d{4}(\.\d+)?$"
_EPOCH_S = r"^[1-4]\d{9}(\.\d+)?$"
_EPOCH_MS = r"^[1-4]\d{12}(\.\d+)?$"
_ZONED = r"(?P<clock>.*:\d{2}(?:\.\d+)?) ?(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2})?$"
_LOST_PRECISION = r"^\d(\.\d+)?[eE]\+?\d{2,}$"
_SATISFACTION = {"非常满意": "5", "满意": "4", "基本满意": "3", "一般": "3", "不满意": "2", "非常不满意": "1"}


@dataclass(frozen=True)
class Read:
    """Typed values, with what went wrong on the way (boolean arrays, one entry a row)."""

    values: pa.Array
    is_unreadable: pa.Array
    is_doubtful: pa.Array


def _no(texts: pa.Array) -> pa.Array:
    return pa.repeat(False, len(texts))


def _read(texts: pa.Array, values: pa.Array, is_doubtful: pa.Array | None = None) -> Read:
    if values.null_count == texts.null_count:
        return Read(values, _no(texts), _no(texts) if is_doubtful is None else is_doubtful)
    unreadable = pc.and_(pc.is_valid(texts), pc.is_null(values))
    return Read(values, unreadable, _no(texts) if is_doubtful is None else is_doubtful)


def folded(texts: pa.Array) -> pa.Array:
    """Texts trimmed and width-folded (NFKC), blanks as null; case is kept."""
    texts = texts.cast(pa.string())
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = pc.utf8_normalize(texts, "NFKC")
    texts = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.equal(texts, ""), None, texts)


# ------------------------------------------------------------------------------- stamps
def stamps(texts: pa.Array, *, timezone: str) -> Read:
    """Points in time, in Shanghai.

    Understood: ISO 8601 with or without zone, 2023/9/7 15:04, 2023年9月7日 15时04分, 上午/下午,
    Excel serial days, Unix seconds and milliseconds, 20230907150400, month names, and
    month-first or day-first dates (`is_doubtful` where nothing in the column tells which).
    Stamps without a zone are read in `timezone`.
    """
    for kind in (_NAIVE, STAMP):
        try:
            values = texts.cast(kind)
        except pa.ArrowInvalid:
            continue
        return _read(texts, _in_shanghai(values, timezone) if kind is _NAIVE else values)
    return _slow_stamps(folded(texts), timezone)


def _in_shanghai(naive: pa.Array, timezone: str) -> pa.Array:
    zoned = pc.assume_timezone(naive, timezone, ambiguous="earliest", nonexistent="earliest")
    return zoned.cast(STAMP)


def _slow_stamps(texts: pa.Array, timezone: str) -> Read:
    naive = pc.coalesce(_numeric_stamps(texts), _zoned_stamps(texts))
    is_absolute = pc.is_valid(naive)
    rest = pc.if_else(is_absolute, None, texts)
    local, is_doubtful = _local_stamps(rest)
    values = pc.coalesce(_in_shanghai(naive, "UTC"), _in_shanghai(local, timezone))
    return _read(texts, values, is_doubtful)


def _first_readable(texts: pa.Array, formats: Sequence[str]) -> pa.Array:
    values = pa.nulls(len(texts), _NAIVE)
    for form in formats:
        if values.null_count == texts.null_count:
            break
        rest = pc.if_else(pc.is_valid(values), None, texts)
        values = pc.coalesce(values, pc.strptime(rest, format=form, unit="us", error_is_null=True))
    return values


def _numeric_stamps(texts: pa.Array) -> pa.Array:
    """UTC of Unix seconds and milliseconds."""
    values = pa.nulls(len(texts), _NAIVE)
    for pattern, scale in ((_EPOCH_S, 1e6), (_EPOCH_MS, 1e3)):
        hit = pc.match_substring_regex(texts, pattern)
        if pc.any(hit).as_py():
            numbers = pc.if_else(hit, texts, None).cast(pa.float64())
            micros = pc.round(pc.multiply(numbers, scale)).cast(pa.int64())
            values = pc.coalesce(values, micros.cast(_NAIVE))
    return values


def _zoned_stamps(texts: pa.Array) -> pa.Array:
    """UTC of stamps that carry their zone, in a column where not all do."""
    texts = pc.replace_substring_regex(texts, r"[zZ]$|(?i) ?(utc|gmt)$", "+00:00")
    hit = pc.match_substring_regex(texts, _ZONED)
    if not pc.any(hit).as_py():
        return pa.nulls(len(texts), _NAIVE)
    parts = pc.extract_regex(pc.if_else(hit, texts, None), _ZONED)
    clock, _ = _local_stamps(pc.struct_field(parts, "clock"))
    minutes_text = pc.struct_field(parts, "minutes")
    minutes = pc.if_else(pc.equal(minutes_text, ""), "0", minutes_text).cast(pa.int64())
    offset_min = pc.add(pc.multiply(pc.struct_field(parts, "hours").cast(pa.int64()), 60), minutes)
    sign = pc.if_else(pc.equal(pc.struct_field(parts, "sign"), "-"), 1, -1)
    shift = pc.multiply(pc.multiply(offset_min, sign), 60_000_000).cast(pa.duration("us"))
    return pc.add(clock, shift)


def _local_stamps(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Stamps as the clock on the wall shows them, and which of them are doubtful."""
    values = _coalesced(texts, _serial_stamps, _year_first_stamps, _named_month_stamps)
    rest = pc.if_else(pc.is_valid(values), None, texts)
    if rest.null_count == len(rest):
        return values, _no(texts)
    others, is_doubtful = _day_or_month_first_stamps(rest)
    return pc.coalesce(values, others), is_doubtful


def _coalesced(texts: pa.Array, *readers: object) -> pa.Array:
    values = pa.nulls(len(texts), _NAIVE)
    for reader in readers:
        if values.null_count == texts.null_count:
            break
        rest = pc.if_else(pc.is_valid(values), None, texts)
        values = pc.coalesce(values, reader(rest))  # type: ignore[operator]
    return values


def _serial_stamps(texts: pa.Array) -> pa.Array:
    hit = pc.match_substring_regex(texts, _SERIAL)
    if not pc.any(hit).as_py():
        return pa.nulls(len(texts), _NAIVE)
    days = pc.if_else(hit, texts, None).cast(pa.float64())
    seconds = pc.round(pc.multiply(days, 86_400.0))
    micros = pc.add(pc.multiply(seconds, 1e6).cast(pa.int64()), _EXCEL_EPOCH_US)
    return micros.cast(_NAIVE)


def _year_first_stamps(texts: pa.Array) -> pa.Array:
    texts = pc.replace_substring_regex(texts, r"(:\d{2})[.,]\d+", r"\1")
    texts = pc.replace_substring_regex(
        texts, r"^(\d{4}) ?[-/.年] ?(\d{1,2}) ?[-/.月] ?(\d{1,2})日?", r"\1-\2-\3 "
    )
    texts = pc.replace_substring_regex(texts, r"^(\S{8,10}) T", r"\1 ")
    texts = pc.replace_substring_regex(texts, r"(\d) ?[时点] ?", r"\1:")
    texts = pc.replace_substring_regex(texts, r"(\d) ?分 ?", r"\1:")
    texts = pc.replace_substring_regex(texts, r"[:秒 ]+$", "")
    values = _first_readable(texts, (*_YEAR_FIRST, *_COMPACT))
    if values.null_count > texts.null_count:
        texts = pc.replace_substring_regex(texts, r" *(?:上午|AM|am) *(\d.*)$", r" \1 AM")
        texts = pc.replace_substring_regex(texts, r" *(?:下午|晚上|PM|pm) *(\d.*)$", r" \1 PM")
        values = pc.coalesce(values, _first_readable(texts, _YEAR_FIRST_HALVES))
    # strptime lets 30 February roll over into March.
    day = pc.extract_regex(texts, r"^\d{4}-\d{1,2}-(?P<day>\d{1,2})(?: |$)")
    day_n = pc.struct_field(day, "day").cast(pa.int64())
    return pc.if_else(pc.fill_null(pc.not_equal(pc.day(values), day_n), False), None, values)


def _named_month_stamps(texts: pa.Array) -> pa.Array:
    hit = pc.match_substring_regex(texts, r"(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)")
    if not pc.any(hit).as_py():
        return pa.nulls(len(texts), _NAIVE)
    formats = [date + clock for date in _NAMED_MONTHS for clock in _CLOCKS]
    return _first_readable(pc.if_else(hit, texts, None), formats)


def _day_or_month_first_stamps(texts: pa.Array) -> tuple[pa.Array, pa.Array]:
    pattern = r"^(?P<first>\d{1,2})[-/.](?P<second>\d{1,2})[-/.](?P<rest>\d{4}.*)$"
    hit = pc.match_substring_regex(texts, pattern)
    if not pc.any(hit).as_py():
        return pa.nulls(len(texts), _NAIVE), _no(texts)
    parts = pc.extract_regex(pc.if_else(hit, texts, None), pattern)
    first = pc.struct_field(parts, "first")
    highest_first = pc.max(first.cast(pa.int64())).as_py()
    highest_second = pc.max(pc.struct_field(parts, "second").cast(pa.int64())).as_py()
    order = "%d/%m/%Y" if highest_first > 12 else "%m/%d/%Y"
    joined = pc.binary_join_element_wise(
        first, pc.struct_field(parts, "second"), pc.struct_field(parts, "rest"), "/"
    )
    values = _first_readable(joined, [order + clock for clock in _CLOCKS])
    is_told = max(highest_first, highest_second) > 12
    return values, _no(texts) if is_told else pc.fill_null(hit, False)


# ------------------------------------------------------------------------------ numbers
def numbers(texts: pa.Array) -> Read:
    """Numbers; thousands commas, blanks and a trailing unit are dropped, 35% reads as 0.35."""
    try:
        return _read(texts, texts.cast(pa.float64()))
    except pa.ArrowInvalid:
        texts = folded(texts)
    pattern = r"^(?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?P<unit>[^\d.].*)?$"
    plain = pc.replace_substring_regex(texts, r"[,，\s]", "")
    parts = pc.extract_regex(plain, pattern)
    values = pc.struct_field(parts, "number").cast(pa.float64())
    is_percent = pc.fill_null(pc.equal(pc.struct_field(parts, "unit"), "%"), False)
    return _read(texts, pc.if_else(is_percent, pc.divide(values, 100.0), values))


def integers(texts: pa.Array) -> Read:
    """Whole numbers, rounded from what `numbers` reads."""
    read = numbers(texts)
    finite = pc.if_else(pc.is_finite(read.values), read.values, None)
    return _read(read.values, pc.round(finite).cast(pa.int64()))


def satisfaction(texts: pa.Array) -> Read:
    """Marks from 1 to 5, or the words people tick."""
    return numbers(_replaced(folded(texts), _SATISFACTION))


# -------------------------------------------------------------------------------- words
def ids(texts: pa.Array) -> Read:
    """Ids as text; `is_doubtful` where Excel destroyed digits (2.02309E+16)."""
    texts = folded(texts)
    suspects = pc.match_substring(texts, "E", ignore_case=True)
    if not pc.any(suspects).as_py():
        return _read(texts, texts)
    return _read(texts, texts, pc.fill_null(pc.match_substring_regex(texts, _LOST_PRECISION), False))


def texts(texts: pa.Array) -> Read:
    """Free text, trimmed; blanks are null."""
    trimmed = pc.utf8_trim_whitespace(texts.cast(pa.string()))
    trimmed = pc.if_else(pc.equal(trimmed, ""), None, trimmed)
    return _read(trimmed, trimmed)


def phones(texts: pa.Array) -> Read:
    """Phone numbers as digits; 1.3800000000E+10 and 13800000000.0 become text again."""
    texts = folded(texts)
    is_float = pc.fill_null(pc.match_substring_regex(texts, r"^\d+(\.\d+)?([eE]\+?\d+)?$"), False)
    is_plain = pc.fill_null(pc.match_substring_regex(texts, r"^\d+$"), False)
    as_number = pc.if_else(pc.and_not(is_float, is_plain), texts, None)
    digits = pc.round(as_number.cast(pa.float64())).cast(pa.int64()).cast(pa.string())
    return _read(texts, pc.coalesce(digits, texts))


def booleans(texts: pa.Array) -> Read:
    """Yes and no in the words of schema.TRUE_WORDS and FALSE_WORDS."""
    words = pc.utf8_lower(folded(texts))
    values = pa.nulls(len(words), pa.bool_())
    for truth, list_ in ((True, TRUE_WORDS), (False, FALSE_WORDS)):
        values = pc.if_else(pc.is_in(words, pa.array(list_)), truth, values)
    return _read(words, values)


def codes(texts: pa.Array, *, values: str) -> Read:
    """Codes of the value list `values`; foreign words stay and are marked unreadable."""
    words = folded(texts)
    table = code_words(values)
    found = _replaced(words, table)
    known = pc.is_in(found, pa.array(list(schema().values[values])))
    return Read(found, pc.and_not(pc.is_valid(words), known), _no(words))


def code_words(values: str) -> Mapping[str, str]:
    """Every word we recognise for a value list, with its code."""
    table = {}
    for code, words in schema().values[values].items():
        for word in (code, code.upper(), code.capitalize(), *words):
            table[word] = code
    return table


def mapped(texts: pa.Array, table: Mapping[str, str]) -> pa.Array:
    """Texts with the words of `table` replaced (a mapping file's [values.FIELD])."""
    words = folded(pa.array(list(table), pa.string())).to_pylist()
    return _replaced(folded(texts), dict(zip(words, table.values(), strict=True)))


def _replaced(texts: pa.Array, table: Mapping[str, str]) -> pa.Array:
    if not table:
        return texts
    place = pc.index_in(texts, pa.array(list(table), pa.string()))
    ours = pc.take(pa.array(list(table.values()), pa.string()), place)
    return pc.coalesce(ours, texts)
