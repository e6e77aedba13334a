"""How long the papers of a week take: Word, PowerPoint and Excel of the demonstration street."""

from __future__ import annotations

from typing import TYPE_CHECKING

from governance.bench.measuring import Measurement, child_run, peak_note, repeated
from governance.bench.sample import sample_dir
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNS = 3
MAX_PAPERS_S = 8


def measurements(folder: Path) -> Iterator[Measurement]:
    """The three papers together, their week counted and their libraries loaded in a fresh process."""
    data_dir = sample_dir(folder)
    if not data_dir.is_dir():
        child_run("sample", data_dir)
    # The first run of a store computes its patrols by day; they are kept.
    child_run("report", data_dir)
    runs = repeated(lambda _: child_run("report", data_dir), RUNS)
    seconds = tuple(run.values["seconds"] for run in runs)
    last = runs[-1].values
    note = t(
        "bench.papers", **{name: last[name] for name in ("model_s", "docx_s", "pptx_s", "xlsx_s", "rows")}
    )
    yield Measurement("papers", seconds, "s", MAX_PAPERS_S, note=f"{note}  {peak_note(runs)}".strip())
