"""Frozen weeks: the state of the store as it was presented, kept in `DIR/store/presented/WEEK.json`.

Segments never change, so a frozen week is a manifest, the settings and chart notes of that moment,
and the figures as they stood. The sweep keeps the segments it names; undo and rebuild leave it as it
is. A week is frozen once: what was presented first stays. Whoever must take one back deletes its file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from governance import access
from governance.errors import StoreError, UsageError
from governance.records import store
from governance.records.chart_notes import ChartNote
from governance.records.manifest import manifest_content, manifest_from
from governance.settings import SETTINGS, Settings
from governance.workdays import Week, now_in_shanghai

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from governance.records.dataset import Dataset
    from governance.records.manifest import Manifest

_FORMAT = 1
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Presented:
    """A frozen week: its state, when it was frozen, and the figures as they stood then.

    `fingerprint` names this state in every cache; `figures` are rows of plain values, as whoever
    froze the week counted them; `sizes` the bytes of each segment.
    """

    week: Week
    frozen_at: datetime
    manifest: Manifest
    settings: Settings
    chart_notes: tuple[ChartNote, ...]
    figures: tuple[Mapping[str, Any], ...]
    sizes: Mapping[str, int]
    fingerprint: str


def presented_path(data_dir: Path, week: Week) -> Path:
    """The file of a frozen week."""
    return data_dir / "store" / "presented" / f"{week}.json"


def freeze_week(
    data_dir: Path, week: Week, *, figures_of: Callable[[Dataset, Week], Rows] | None = None
) -> Presented:
    """Keep the state of the store as the one presented for a week.

    `figures_of` counts what is presented, on exactly the state that is kept.

    Raises
    ------
    UsageError
        `already_presented` when the week is frozen already, `nothing_to_present` when the
        incidents do not reach into it.
    LockedError
        An import runs and does not end.
    StoreError
        The store is damaged, read-only or full.
    """
    with store.locked(data_dir), store.disk_errors():
        path = presented_path(data_dir, week)
        if path.is_file():
            raise UsageError("already_presented", week=str(week))
        dataset, manifest = store.open_dataset(data_dir), store.read_manifest(data_dir)
        as_of, first_at = dataset.as_of.get("incidents"), dataset.frame("incidents")["reported_at"].min()
        if as_of is None or as_of < week.start_at or not first_at < week.end_at:
            raise UsageError("nothing_to_present", week=str(week))
        content = {
            "format": _FORMAT,
            "week": str(week),
            "frozen_at": now_in_shanghai().isoformat(timespec="seconds"),
            "settings": dict(dataset.settings.items),
            "chart_notes": [_note_content(note) for note in dataset.chart_notes],
            "sizes": {s.path: (data_dir / s.path).stat().st_size for s in manifest.segments()},
            "figures": figures_of(dataset, week) if figures_of else [],
            "manifest": manifest_content(manifest),
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        store.write_durably(path, json.dumps(content, ensure_ascii=False, indent=1, default=date.isoformat))
    access.record_access(data_dir, "freeze", week=str(week))
    return read_presented(data_dir, week)


def read_presented(data_dir: Path, week: Week) -> Presented:
    """A frozen week.

    Raises
    ------
    UsageError
        `not_presented` when the week is not frozen.
    StoreError
        `damaged_presented` when its file cannot be read.
    """
    path = presented_path(data_dir, week)
    try:
        stat = path.stat()
    except OSError as error:
        raise UsageError("not_presented", week=str(week)) from error
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _read(path: Path, _changed_ns: int, _size: int) -> Presented:
    """The file at a moment; it is written once, so it is read once."""
    try:
        text = path.read_text(encoding="utf-8")
        raw: dict[str, Any] = json.loads(text)
        if raw["format"] != _FORMAT or raw["week"] != path.stem:
            raise StoreError("damaged_presented", file=str(path))
        return Presented(
            week=Week.parse(raw["week"]),
            frozen_at=datetime.fromisoformat(raw["frozen_at"]),
            manifest=manifest_from(raw["manifest"], path),
            settings=_settings_from(raw["settings"]),
            chart_notes=tuple(_note_from(note) for note in raw["chart_notes"]),
            figures=tuple(raw["figures"]),
            sizes=dict(raw["sizes"]),
            fingerprint=f"presented-{hashlib.sha256(text.encode()).hexdigest()[:16]}",
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
        raise StoreError("damaged_presented", file=str(path)) from error


def presented_weeks(data_dir: Path) -> tuple[Presented, ...]:
    """The frozen weeks that can be read, the latest first."""
    found = []
    for path in reversed(store.presented_paths(data_dir)):
        try:
            stat = path.stat()
            found.append(_read(path, stat.st_mtime_ns, stat.st_size))
        except (OSError, StoreError):
            continue
    return tuple(found)


def damaged_presented(data_dir: Path) -> tuple[str, ...]:
    """The names of the files of frozen weeks that cannot be read."""
    readable = {presented_path(data_dir, one.week) for one in presented_weeks(data_dir)}
    return tuple(path.name for path in store.presented_paths(data_dir) if path not in readable)


def open_presented(data_dir: Path, week: Week) -> Dataset:
    """The data set of a frozen week: what it was then, whatever was stored since.

    Raises
    ------
    UsageError
        `not_presented` when the week is not frozen.
    StoreError
        `damaged_presented` when its file or one of its segments is not as it was.
    """
    kept = read_presented(data_dir, week)
    for segment in kept.manifest.segments():
        place = data_dir / segment.path
        if not place.is_file() or place.stat().st_size != kept.sizes.get(segment.path):
            raise StoreError("damaged_presented", file=segment.path)
    return store.dataset_of(
        data_dir,
        kept.manifest,
        fingerprint=kept.fingerprint,
        settings=kept.settings,
        chart_notes=kept.chart_notes,
        presented=week,
    )


def manifest_behind(dataset: Dataset) -> Manifest:
    """The manifest of a data set: that of its frozen week, else the current one."""
    if dataset.presented is None:
        return store.read_manifest(dataset.data_dir, verify=False)
    return read_presented(dataset.data_dir, dataset.presented).manifest


def _settings_from(kept: Mapping[str, Any]) -> Settings:
    """The settings of a frozen week; one that came later has its default, one that is gone is left."""
    values = {}
    for setting in SETTINGS:
        value = kept.get(setting.name, setting.default)
        is_day = isinstance(setting.default, date) and isinstance(value, str)
        values[setting.name] = date.fromisoformat(value) if is_day else value
    return Settings(items=tuple(values.items()))


def _note_content(note: ChartNote) -> dict[str, Any]:
    return {
        "kind": note.kind,
        "on": note.on.isoformat(),
        "reason": note.reason,
        "added_at": note.added_at.isoformat(),
        "metric": note.metric,
        "ended_at": note.ended_at.isoformat() if note.ended_at else None,
        "ended_reason": note.ended_reason,
    }


def _note_from(row: Mapping[str, Any]) -> ChartNote:
    ended_at = row["ended_at"]
    return ChartNote(
        kind=row["kind"],
        on=date.fromisoformat(row["on"]),
        reason=row["reason"],
        added_at=datetime.fromisoformat(row["added_at"]),
        metric=row["metric"],
        ended_at=datetime.fromisoformat(ended_at) if ended_at else None,
        ended_reason=row["ended_reason"],
    )
