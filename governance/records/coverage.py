"""What an export covered, and the open cases a full list of open cases no longer shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from governance.errors import UsageError
from governance.records import store
from governance.records.manifest import Segment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from governance.records.manifest import Manifest
    from governance.schema import Kind

FILTERS = ("unknown", "all_open", "reported", "closed")


@dataclass(frozen=True)
class Coverage:
    """What an export of incidents held: a filter column and a period, or all open cases."""

    filter: str = "unknown"
    since: str | None = None
    until: str | None = None

    @classmethod
    def parse(cls, text: str) -> Coverage:
        """Read `all_open`, `reported:2023-09-11..2023-09-17` or `closed:…`.

        Raises
        ------
        UsageError
            `bad_coverage` when the text has another form.
        """
        name, _, period = text.partition(":")
        since, _, until = period.partition("..")
        if name not in FILTERS or (name in ("reported", "closed")) != bool(since and until):
            raise UsageError("bad_coverage", coverage=text)
        return cls(name, since or None, until or None)

    def or_seen(self, stamps: tuple[datetime, datetime] | None, *, as_of: datetime | None) -> Coverage:
        """What was told, else the days the rows themselves span, as far as as_of."""
        if self.filter != "unknown" or stamps is None:
            return self
        first, last = (stamp if as_of is None else min(stamp, as_of) for stamp in stamps)
        return Coverage("unknown", first.date().isoformat(), last.date().isoformat())


def coverage_from(entry: Mapping[str, str | None]) -> Coverage:
    """The coverage a ledger entry holds."""
    return Coverage(entry.get("filter") or "unknown", entry.get("since"), entry.get("until"))


def seen_cases(kind: Kind, staged: Sequence[Path]) -> pa.Array | None:
    """Ids of the cases an import holds; None for other kinds."""
    if kind.name != "incidents" or not staged:
        return None
    columns = [pq.read_table(path, columns=["incident_id"]).column(0) for path in staged]
    return pa.chunked_array(
        [chunk for column in columns for chunk in column.chunks], pa.string()
    ).combine_chunks()


def with_lost_cases(
    coverage: Coverage, data_dir: Path, manifest: Manifest, seen: pa.Array | None
) -> tuple[Manifest, int]:
    """The state with the lost cases brought up to date, and how many a full list lost anew.

    A stored open case that a full list of open cases lacks is lost (去向不明) since its last
    sight; a case that shows up again in any import is lost no longer. The table holds
    `incident_id` and `last_seen_at`.
    """
    if seen is None:
        return manifest, 0
    before = store.lost_cases(data_dir, manifest)
    kept = before.filter(pc.invert(pc.is_in(before["incident_id"], seen)))
    if coverage.filter != "all_open":
        return (manifest if len(kept) == len(before) else _with_lost(data_dir, manifest, kept)), 0
    fresh = _missing(data_dir, manifest, pa.concat_arrays([*kept["incident_id"].chunks, seen]))
    return _with_lost(data_dir, manifest, pa.concat_tables([kept, fresh])), len(fresh)


def _missing(data_dir: Path, manifest: Manifest, accounted: pa.Array) -> pa.Table:
    """Stored open cases that are not accounted for, with the as-of they were last seen at."""
    cases = store.read_table(data_dir, manifest, "incidents")
    is_done = pc.is_in(cases["status"], pa.array(["closed", "voided", "transferred"]))
    is_open = pc.and_not(pc.is_null(cases["closed_at"]), is_done)
    missing = cases.filter(pc.and_not(is_open, pc.is_in(cases["incident_id"], accounted)))
    seen_at = {entry.import_id: entry.as_of for entry in manifest.imports}
    stamps = [seen_at.get(import_id) for import_id in missing["import_id"].to_pylist()]
    return pa.table({"incident_id": missing["incident_id"], "last_seen_at": pa.array(stamps, pa.string())})


def _with_lost(data_dir: Path, manifest: Manifest, table: pa.Table) -> Manifest:
    folder = store.folder_of(data_dir, store.LOST_CASES)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{manifest.generation + 1:06d}-{len(manifest.imports):06d}.parquet"
    pq.write_table(table, path)
    segment = Segment(path=path.relative_to(data_dir).as_posix(), rows=len(table))
    return manifest.with_table(store.LOST_CASES, (segment,))
