"""Text as bytes: encodings, lines and quoted records, before any cell is understood."""

from __future__ import annotations

import codecs
import csv
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from governance.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import Self

BLOCK_BYTES = 4 << 20
# A quoted cell of more lines than this is an opening quote that was never closed.
MAX_RECORD_LINES = 500
_QUOTE = ord('"')
_BESIDE_QUOTES = np.frombuffer(b',;\t|\r\n"', dtype=np.uint8)
_WIDER = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030", "utf-8-sig": "utf-8"}


@dataclass(frozen=True)
class TextFacts:
    """What one pass over the bytes found.

    `has_sound_quotes` means that every quote opens a cell, closes one or is doubled inside one.
    """

    has_nul: bool
    has_quote: bool
    has_sound_quotes: bool


class Record(NamedTuple):
    """The cells of one record, the physical lines it took, and whether its quotes were unpaired."""

    cells: list[str]
    lines: int
    has_open_quote: bool = False


def text_facts(path: Path, name: str, max_line_bytes: int) -> TextFacts:
    """One pass over the bytes; a line that is too long ends it at once.

    Raises
    ------
    UnreadableFileError
        `line_too_long`.
    """
    quotes, has_nul = _Quotes(), False
    run = 0  # bytes since the last line end
    with path.open("rb") as file:
        if file.read(3) != codecs.BOM_UTF8:
            file.seek(0)
        while block := file.read(min(BLOCK_BYTES, max_line_bytes)):
            end = b"\n" if b"\n" in block else b"\r"
            first = block.find(end)
            if run + (first if first >= 0 else len(block)) > max_line_bytes:
                raise UnreadableFileError("line_too_long", file=name, limit_mb=max(1, max_line_bytes >> 20))
            run = len(block) - 1 - block.rfind(end) if first >= 0 else run + len(block)
            has_nul = has_nul or b"\0" in block
            quotes.see(block)
    return TextFacts(has_nul=has_nul, has_quote=quotes.count > 0, has_sound_quotes=quotes.end_well())


class _Quotes:
    """Whether quotes open after a delimiter and close before one, in turn, over the whole file."""

    def __init__(self) -> None:
        self.count = 0
        self._are_placed = True
        self._carry = b"\n"

    def see(self, block: bytes) -> None:
        """Take in the next block; its last byte waits for its neighbour."""
        text = self._carry + block
        self._carry = text[-2:]
        if not self._are_placed or b'"' not in text:
            return
        data = np.frombuffer(text, dtype=np.uint8)
        places = np.flatnonzero(data[1:-1] == _QUOTE) + 1
        opens = (np.arange(places.size) + self.count) % 2 == 0
        beside = np.where(opens, data[places - 1], data[np.minimum(places + 1, data.size - 1)])
        self._are_placed = bool(np.isin(beside, _BESIDE_QUOTES).all())
        self.count += int(places.size)

    def end_well(self) -> bool:
        """Close the file; True when every quote stood well and each had its partner."""
        self.see(b"\n")
        return self._are_placed and self.count % 2 == 0


def encoding_of(path: Path, name: str, named: str | None) -> tuple[str, bool]:
    """The encoding of a text file, and whether every byte of it obeys.

    `named` wins; else a byte-order mark, else strict UTF-8, else strict GB18030.

    Raises
    ------
    UnreadableFileError
        `unknown_encoding` when `named` is none.
    """
    if named is not None:
        try:
            encoding = codecs.lookup(named).name
            "".encode(encoding)
        except LookupError as error:
            raise UnreadableFileError("unknown_encoding", file=name, encoding=named) from error
        encoding = _WIDER.get(encoding, encoding)
        return encoding, _decodes(path, encoding)
    with path.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16", _decodes(path, "utf-16")
    found = next((encoding for encoding in ("utf-8", "gb18030") if _decodes(path, encoding)), None)
    return (found, True) if found else ("utf-8", False)


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    is_ascii_wide = encoding in ("utf-8", "gb18030")
    with path.open("rb") as file:
        try:
            while block := file.read(BLOCK_BYTES):
                if not (is_ascii_wide and block.isascii() and decoder.getstate()[0] == b""):
                    decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


class TextLines:
    """The lines of a text file, with their line ends.

    `take_broken` tells whether a line since the last call was damaged. A file that no encoding
    fits as a whole is decoded line by line: UTF-8, else GB18030, else with replacement
    characters.
    """

    def __init__(self, path: Path, encoding: str, *, is_strict: bool) -> None:
        self._is_strict = is_strict
        self._is_mixed = not is_strict and encoding in ("utf-8", "gb18030")
        encoding = "latin-1" if self._is_mixed else encoding
        self._file = path.open(encoding=encoding, errors="replace", newline="")
        self._is_broken = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __iter__(self) -> Iterator[str]:
        lines = iter(self._file) if self._is_strict else self._mended()
        for line in islice(lines, 1):
            yield line.removeprefix("\ufeff")
        yield from lines

    def _mended(self) -> Iterator[str]:
        for line in self._file:
            text = _mixed(line) if self._is_mixed else line
            self._is_broken = self._is_broken or "\ufffd" in text
            yield text

    def take_broken(self) -> bool:
        """Whether a line read since the last call could not be decoded."""
        is_broken, self._is_broken = self._is_broken, False
        return is_broken


def _mixed(line: str) -> str:
    data = line.encode("latin-1")
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("utf-8", errors="replace")


def records(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    """The records of delimited lines; an opening quote without its partner costs no other row.

    Such a record is cut at the end of its first line, its quotes taken as plain characters.
    """
    source, waiting = iter(lines), deque[str]()
    while (line := waiting.popleft() if waiting else next(source, None)) is not None:
        if '"' not in line:
            yield Record(_split(line, delimiter), 1)
            continue
        taken = [line]
        cells = _strictly(taken, delimiter)
        while cells is None and len(taken) < MAX_RECORD_LINES:
            more = waiting.popleft() if waiting else next(source, None)
            if more is None:
                break
            taken.append(more)
            cells = _strictly(taken, delimiter) if '"' in more else None
        if cells is None:
            waiting.extendleft(reversed(taken[1:]))
            yield Record(_split(line.replace('"', ""), delimiter), 1, has_open_quote=True)
        else:
            yield Record(cells, len(taken))


def _strictly(lines: list[str], delimiter: str) -> list[str] | None:
    """The cells of one record; None when its last quote is still open.

    Quotes inside the text of a single line (`"5"寸`) are tolerated; over several lines they
    mean that the quote belonged to another row.
    """
    try:
        return _parsed(lines, delimiter, strict=True)
    except csv.Error as error:
        if len(lines) > 1 or "end of data" in str(error):
            return None
    cells = _parsed(lines, delimiter)
    return cells if not cells or not cells[-1].endswith(("\n", "\r")) else None


def _parsed(lines: list[str], delimiter: str, *, strict: bool = False) -> list[str]:
    return next(csv.reader(iter(lines), delimiter=delimiter, strict=strict), [])


def _split(line: str, delimiter: str) -> list[str]:
    return line.rstrip("\r\n").split(delimiter)
