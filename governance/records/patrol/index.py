"""What of the patrol results is kept, and under which key: the index beside the batches.

The key of a day is made of everything the day depends on: its own records and its neighbours', the
reference, the settings, how far the positions are known, the version of the chain.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from functools import reduce
from typing import TYPE_CHECKING

from governance.records.engine import micros
from governance.records.patrol.legs import day_of
from governance.records.patrol.rules import Span
from governance.schema import kind_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from governance.records.engine import Engine
    from governance.records.manifest import Manifest
    from governance.records.patrol.rules import PatrolRules

# Counted up when the chain computes something else from the same records.
CHAIN_VERSION = 4
RECORDS = {"pings": "at", "checkins": "at", "rollcalls": "at", "shifts": "start_at"}
REFERENCE = ("microgrids", "points", "routes", "teams")
_FORMAT = 3
_KEYS_A_DAY = 3
_EPOCH = date(1970, 1, 1)


@dataclass
class Index:
    """The state of what is kept.

    `digests` has a day's rows and a sum over their content, by segment of the store and day;
    `kept` a day's keys and the batches that hold it, by group of frames and day (more than one
    because an earlier week's state may be open beside today's). Days are counted since 1970.
    """

    digests: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    kept: dict[str, dict[str, list[list[str]]]] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Index:
        """The index of a folder; an empty one where there is none that can be used."""
        try:
            raw = json.loads((folder / "index.json").read_text(encoding="utf-8"))
            if raw.pop("format") == _FORMAT:
                return cls(**raw)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            pass
        return cls()

    @staticmethod
    def version(folder: Path) -> tuple[int, int] | None:
        """What changes whenever the index is put in place anew; None where there is none."""
        try:
            stat = (folder / "index.json").stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_mtime_ns

    def write(self, folder: Path) -> None:
        """Put the index in place of the one before, at once."""
        aside = folder / "index.json.new"
        aside.write_text(json.dumps({"format": _FORMAT, **asdict(self)}), encoding="utf-8")
        aside.replace(folder / "index.json")

    def unknown_segments(self, manifest: Manifest) -> dict[str, str]:
        """Segments of records without digests, and their kinds."""
        return {path: kind for path, kind in _segments(manifest).items() if path not in self.digests}

    def batch_of(self, group: str, day: int, key: str) -> str | None:
        """The batch that holds a day under a key."""
        return dict(self.kept.get(group, {}).get(str(day), [])).get(key)

    def batches(self, group: str, keys: Mapping[int, str]) -> dict[str, list[int]]:
        """The batches that hold some days under their keys, with these days."""
        found: dict[str, list[int]] = {}
        for day, key in keys.items():
            batch = self.batch_of(group, day, key)
            if batch is not None:
                found.setdefault(batch, []).append(day)
        return found

    def add(self, group: str, keys: Mapping[int, str], batch: str) -> None:
        """Note that a batch holds some days; of a day's keys the latest few are kept."""
        own = self.kept.setdefault(group, {})
        for day, key in keys.items():
            own[str(day)] = [[key, batch], *own.get(str(day), [])][:_KEYS_A_DAY]

    def forget_without(self, batches: set[str]) -> None:
        """Forget days whose batch is not among those that stand."""
        for days in self.kept.values():
            for day, held in days.items():
                days[day] = [entry for entry in held if entry[1] in batches]

    def named_batches(self) -> set[str]:
        """All batches that still hold a day."""
        return {batch for days in self.kept.values() for held in days.values() for _, batch in held}


def number_of(day: date) -> int:
    """Whole days since 1970."""
    return (day - _EPOCH).days


def day_of_number(number: int) -> date:
    """The day of whole days since 1970."""
    return _EPOCH + timedelta(days=number)


def with_digests(db: Engine, index: Index, manifest: Manifest, data_dir: Path) -> None:
    """Add the digests of segments not met before, and forget those gone."""
    for path in [path for path in index.digests if not (data_dir / path).is_file()]:
        del index.digests[path]
    for path, kind in index.unknown_segments(manifest).items():
        table = db.parquet([data_dir / path])
        hashes = [table[column.name].hash() for column in kind_named(kind).columns]
        # Each column on its own place: two that are equal must not cancel each other out.
        mixed = reduce(lambda one, other: (one ^ (other >> 1)).hash(), hashes)
        rows = table.select(day=day_of(micros(table[RECORDS[kind]])), content=mixed)
        rows = rows.filter(rows.day.notnull())
        found = db.arrow(rows.group_by("day").agg(n=rows.count(), content=rows.content.bit_xor()))
        index.digests[path] = {str(row["day"]): [row["n"], row["content"]] for row in found.to_pylist()}


def _segments(manifest: Manifest) -> dict[str, str]:
    return {segment.path: kind for kind in RECORDS for segment in manifest.tables.get(kind, ())}


@dataclass(frozen=True)
class Days:
    """The days there are records of: `keys` by day, and how many pings each has."""

    keys: Mapping[int, str]
    pings_n: Mapping[int, int]


def days_of(index: Index, manifest: Manifest, rules: PatrolRules) -> Days:
    """The days of the store's state and the key of each."""
    own: dict[str, dict[int, list[int]]] = {kind: {} for kind in RECORDS}
    for kind, counted in own.items():
        for segment in manifest.tables.get(kind, ()):
            for day, (n, content) in index.digests.get(segment.path, {}).items():
                known = counted.get(int(day), [0, 0])
                # Segments may be cut and joined in any way: the sums stay the same.
                counted[int(day)] = [known[0] + n, known[1] ^ content]
    reference = [segment.path for kind in REFERENCE for segment in manifest.tables.get(kind, ())]
    common = json.dumps([CHAIN_VERSION, reference, rules.visit_min_min, rules.still_m, rules.far_km])
    every = {day for days in own.values() for day in days} | {day + 1 for day in own["shifts"]}
    keys = {}
    for number in every:
        around = [[own[kind].get(number + n) for n in (-1, 0, 1)] for kind in RECORDS]
        until = min(Span(day_of_number(number), day_of_number(number)).until_us, rules.as_of_us)
        text = common + json.dumps([around, until, rules.plausible_from_us])
        keys[number] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Days(keys, {number: n for number, (n, _) in own["pings"].items()})


def spans(days: Sequence[int], pings_n: Mapping[int, int], *, limit: int) -> list[list[int]]:
    """Days in runs without gaps and with no more pings than `limit` (or one day each), newest first."""
    batches: list[list[int]] = []
    held = 0
    for day in sorted(days, reverse=True):
        own = pings_n.get(day, 0)
        if batches and batches[-1][0] == day + 1 and held + own <= limit:
            batches[-1].insert(0, day)
            held += own
        else:
            batches.append([day])
            held = own
    return batches
