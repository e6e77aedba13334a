"""Any file a clerk may drop, as raw tables: the format is known by its content, not by its name."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from governance.errors import UnreadableFileError
from governance.records.csv_tables import read_csv_table
from governance.records.geojson_tables import read_geojson_table
from governance.records.html_tables import read_html_tables
from governance.records.raw_tables import RawTable, ReadOptions
from governance.records.workbook_tables import read_workbook_tables

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RawTable", "ReadOptions", "read_tables"]

HEAD_BYTES = 64 << 10
MAX_UNPACKED_BYTES = 2 << 30
MAX_MEMBERS = 200
# Text packs at most some fifty times; what packs better and is large is a trap.
MAX_PACK_RATIO = 250
RATIO_FREE_BYTES = 64 << 20
COPY_BYTES = 1 << 20

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PICTURES_AND_PAPERS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*", b"%PDF", b"{\\rtf")
_ARCHIVES_AND_PROGRAMS = (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"MZ\x90", b"\x7fELF")
_FOREIGN = (*_PICTURES_AND_PAPERS, *_ARCHIVES_AND_PROGRAMS, b"SQLite format", b"PAR1")


def read_tables(path: Path, options: ReadOptions) -> Iterator[RawTable]:
    """The tables of a file, in its order; every header is known before the first one is yielded.

    Read the chunks of one table before asking for the next: members of an archive lie in a
    temporary folder that goes away with the iterator.

    Raises
    ------
    UnreadableFileError
        `file_not_found`, `file_not_readable`, `empty_file`, `not_a_table`, `damaged_file`,
        `password_protected`, `nested_zip`, `zip_too_large`, `line_too_long`,
        `unknown_encoding`, `sheet_not_found`, `not_geojson` or `no_known_header`.
    """
    try:
        if not path.is_file():
            raise UnreadableFileError("file_not_found", file=path.name)
        if _head_of(path).startswith((_ZIP, _EMPTY_ZIP)) and not _is_workbook(path, path.name):
            yield from _archive_tables(path, options)
        else:
            yield from _file_tables(path, path.name, options)
    except PermissionError as error:
        raise UnreadableFileError("file_not_readable", file=path.name) from error


def _head_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD_BYTES)


def _file_tables(path: Path, name: str, options: ReadOptions) -> list[RawTable]:
    """The tables of one file that is no archive."""
    head = _head_of(path)
    if not head.strip():
        raise UnreadableFileError("empty_file", file=name)
    if head.startswith(_FOREIGN) or (head.startswith((b"RIFF", b"BM")) and b"\0" in head[:64]):
        raise UnreadableFileError("not_a_table", file=name)
    if head.startswith(_OLE):
        _check_ole(path, name)
        return read_workbook_tables(path, name, options)
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        return read_workbook_tables(path, name, options)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<") and (b"<table" in head.lower() or b"<html" in text or b"<ss:table" in text):
        return read_html_tables(path, name, options)
    if text.startswith(b"{") or path.suffix.lower() in (".geojson", ".json"):
        return [read_geojson_table(path, name, options)]
    return [read_csv_table(path, name, options)]


def _check_ole(path: Path, name: str) -> None:
    """Refuse what shares the old Office container but is no open workbook."""
    streams = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in streams:
        raise UnreadableFileError("password_protected", file=name)
    if not any(stream.encode("utf-16-le") in streams for stream in ("Workbook", "Book", "WORKBOOK")):
        raise UnreadableFileError("not_a_table", file=name)


# ---------------------------------------------------------------- archives
def _opened(path: Path, name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise UnreadableFileError("damaged_file", file=name) from error


def _is_workbook(path: Path, name: str) -> bool:
    """Whether a zip is a workbook; other Office papers are refused, and so is one too large."""
    with _opened(path, name) as archive:
        names = set(archive.namelist())
        if {"xl/workbook.xml", "xl/workbook.bin"} & names or {"mimetype", "content.xml"} <= names:
            _check_size(archive.infolist(), name)
            return True
        if "[Content_Types].xml" in names:
            raise UnreadableFileError("not_a_table", file=name)
    return False


def _check_size(members: list[zipfile.ZipInfo], name: str) -> None:
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    is_trap = total > RATIO_FREE_BYTES and total > MAX_PACK_RATIO * max(1, packed)
    if total > MAX_UNPACKED_BYTES or is_trap or len(members) > 100 * MAX_MEMBERS:
        raise UnreadableFileError("zip_too_large", file=name, limit_mb=MAX_UNPACKED_BYTES >> 20)


def _archive_tables(path: Path, options: ReadOptions) -> Iterator[RawTable]:
    """The tables of all members; pictures and papers among them are skipped and named."""
    with _opened(path, path.name) as archive, TemporaryDirectory(prefix="governance-") as folder:
        members = [(info, _member_name(info)) for info in archive.infolist() if not info.is_dir()]
        members = [(info, member) for info, member in members if not _is_clutter(member)]
        if not members:
            raise UnreadableFileError("empty_file", file=path.name)
        if len(members) > MAX_MEMBERS:
            raise UnreadableFileError("zip_too_large", file=path.name, limit_mb=MAX_UNPACKED_BYTES >> 20)
        _check_size([info for info, _ in members], path.name)
        found: list[RawTable] = []
        skipped: list[tuple[str, UnreadableFileError]] = []
        for place, (info, member) in enumerate(members):
            name = f"{path.name}/{member}"
            unpacked = Path(folder) / f"{place}{Path(member).suffix}"
            _unpack(archive, info, unpacked, name)
            try:
                found.extend(_member_tables(unpacked, name, options))
            except UnreadableFileError as error:
                if error.code not in ("not_a_table", "no_known_header", "empty_file"):
                    raise
                skipped.append((name, error))
        if not found:
            raise skipped[0][1]
        names = tuple(name for name, _ in skipped)
        for table in found:
            yield replace(table, skipped=(*table.skipped, *names))


def _member_tables(path: Path, name: str, options: ReadOptions) -> list[RawTable]:
    head = _head_of(path)
    if head.startswith((_ZIP, _EMPTY_ZIP)) and not _is_workbook(path, name):
        raise UnreadableFileError("nested_zip", file=name)
    return _file_tables(path, name, options)


def _member_name(info: zipfile.ZipInfo) -> str:
    """The member's name; older Windows tools write GBK where the format says code page 437."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _is_clutter(member: str) -> bool:
    """What operating systems leave in archives."""
    place = PurePosixPath(member)
    return "__MACOSX" in place.parts or place.name.startswith((".", "~$")) or place.name == "Thumbs.db"


def _unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, name: str) -> None:
    if info.flag_bits & 0x1:
        raise UnreadableFileError("password_protected", file=name)
    try:
        with archive.open(info) as source, target.open("wb") as file:
            while block := source.read(COPY_BYTES):
                file.write(block)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError) as error:
        raise UnreadableFileError("damaged_file", file=name) from error
