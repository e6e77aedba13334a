"""How fast response times are counted: a million incidents, a year of the street, a warm page."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from governance.bench.measuring import Measurement, child_run
from governance.bench.sample import sample_dir
from governance.settings import PROJECT_DIR
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANY_ROWS, YEAR_ROWS, RULE_ROWS = 1_000_000, 25_000, 20
RUNS = 5
MAX_MANY_S, MAX_YEAR_MS, MAX_PAGE_MS = 1.5, 60, 200
PAGE = "incident_response"


def measurements(folder: Path) -> Iterator[Measurement]:
    """All figures of a page from both sizes, the curve beside lifelines, and the page's warm rerun."""
    many = _counted(folder / "many", MANY_ROWS, kinds=("incidents", "rules"))
    yield Measurement("response_many", tuple(many["page_s"]), "s", MAX_MANY_S, note=_note(many))
    year = _counted(folder / "year", YEAR_ROWS, kinds=("incidents", "incident_steps", "rules"))
    year_ms = tuple(1000 * seconds for seconds in year["page_s"])
    yield Measurement("response_year", year_ms, "ms", MAX_YEAR_MS, note=_note(year))
    yield _beside_lifelines(many)
    yield _page_measurement(folder)


def _counted(folder: Path, rows: int, *, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Exports of a stated size imported into a store of their own, then counted in a fresh process."""
    data_dir = folder / "store"
    data_dir.mkdir(parents=True)
    for kind in kinds:
        export = folder / f"{kind}.csv"
        child_run("write", kind, export, str(RULE_ROWS if kind == "rules" else rows))
        child_run("import", kind, export, data_dir)
        export.unlink()
    return child_run("response", data_dir, str(RUNS)).values


def _note(timed: dict[str, Any]) -> str:
    return t("bench.response_counted", n=timed["cases_n"], load_s=timed["load_s"], fold_s=timed["fold_s"])


def _beside_lifelines(timed: dict[str, Any]) -> Measurement:
    theirs = timed["lifelines_s"]
    if theirs is None:
        return Measurement("response_curve", (), "times", note=t("bench.no_lifelines"))
    note = t("bench.beside_lifelines", ours_s=timed["curve_s"], theirs_s=theirs)
    return Measurement("response_curve", (theirs / timed["curve_s"],), "times", note=note)


def _page_measurement(folder: Path) -> Measurement:
    if not (PROJECT_DIR / "pages" / f"{PAGE}.py").is_file():
        return Measurement(f"rerun_{PAGE}", (), "ms", MAX_PAGE_MS, note=t("bench.no_page"))
    data_dir = sample_dir(folder)
    if not data_dir.is_dir():
        child_run("sample", data_dir)
    os.environ["GOVERNANCE_DATA"] = str(data_dir)
    report = child_run("rerun", PAGE).values
    note = t("bench.failures", n=report["failures"]) if report["failures"] else ""
    return Measurement(f"rerun_{PAGE}", tuple(report["runs_ms"]), "ms", MAX_PAGE_MS, note=note)
