"""Who may see what: masking where data are loaded, and the append-only log.

Until roles exist nobody may see names, phones or free text unmasked, but for one number at a time where
the setting `show_contacts` is on; later they come through this same door.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from governance.errors import UsageError
from governance.schema import kind_named
from governance.workdays import now_in_shanghai

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from governance.settings import Settings

# Digits may be spaced or dashed, as people write phone numbers in a description.
_ID_NUMBER = r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?!\d)"
_MOBILE = r"(?<!\d)(?:\+?86[ -]?)?1\d{2}[ -]?\d{4}[ -]?\d{4}(?!\d)"
_LANDLINE = r"(?<!\d)0\d{2,3}[ -]\d{7,8}(?!\d)"
_LONG_NUMBER = r"(?<!\d)\d{7,}(?!\d)"
_BLOCK = r"(?:\d+|[一二三四五六七八九十]+)\s*(?:栋|幢|号楼|单元|室|楼(?=\d))"
_DOOR = _BLOCK + r"|(?<![\d-])\d{1,3}(?:[-－—]\d{1,4}){1,3}(?!\d)"
_FREE_TEXT = re.compile("|".join((_ID_NUMBER, _MOBILE, _LANDLINE, _LONG_NUMBER, _DOOR)))
_ADDRESS_DOOR = re.compile(_DOOR)
_MASK = "＊"


def masked_name(text: str) -> str:
    """A name as its first character and stars."""
    text = text.strip()
    return text[:1] + _MASK * max(len(text) - 1, 1) if text else text


def masked_phone(text: str) -> str:
    """A phone number as its first three and last two digits."""
    digits = re.sub(r"\D", "", text)
    return f"{digits[:3]}{_MASK * 4}{digits[-2:]}" if len(digits) > 6 else _MASK * 4 if digits else text


def masked_text(text: str) -> str:
    """Free text without phone numbers, ID numbers and door numbers."""
    return _FREE_TEXT.sub(_MASK * 2, text)


def masked_address(text: str) -> str:
    """An address down to the building's street number, without block, unit and room."""
    return _ADDRESS_DOOR.sub(_MASK * 2, text)


_MASKS = {"name": masked_name, "phone": masked_phone, "text": masked_text, "address": masked_address}


def masked_frame(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    """A frame of `kind` with every personal column masked; the input stays untouched."""
    changes = {}
    for column in kind_named(kind).columns:
        mask = _MASKS.get(column.personal or "")
        if mask is None or column.name not in frame.columns:
            continue
        values = frame[column.name]
        unique = values.dropna().unique()
        changes[column.name] = values.map({value: mask(str(value)) for value in unique}).astype("string")
    return frame.assign(**changes) if changes else frame


def record_access(data_dir: Path, action: str, **details: object) -> None:
    """Append one line to the log of imports, exports and unmaskings (`audit.jsonl`)."""
    line = {"at": now_in_shanghai().isoformat(timespec="seconds"), "action": action, **details}
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "audit.jsonl").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")


def full_number(data_dir: Path, settings: Settings, member_id: str, read: Callable[[], str]) -> str:
    """One member's full number, read only where it may be seen, the look logged first.

    The log has the member's id and never the number. What cannot be logged is not shown.

    Raises
    ------
    UsageError
        `contacts_hidden` where the setting `show_contacts` is off.
    OSError
        When the log cannot be written.
    """
    if not settings.flag("show_contacts"):
        raise UsageError("contacts_hidden")
    record_access(data_dir, "contact", member_id=member_id)
    return read()
