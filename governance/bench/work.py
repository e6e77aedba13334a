"""What a benchmark runs in a process of its own; prints one JSON object on its last line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from governance.settings import PROJECT_DIR

if TYPE_CHECKING:
    from collections.abc import Callable

RERUNS = 9


def write_export(kind: str, path: str, rows: str) -> dict[str, object]:
    """Generate an export; apart, because a large parent would count into its children's peak."""
    from governance.bench import inputs

    writers = {
        ("incidents", ".csv"): inputs.write_incidents_csv,
        ("incidents", ".xlsx"): inputs.write_incidents_xlsx,
        ("pings", ".csv"): inputs.write_pings_csv,
        ("incident_steps", ".csv"): inputs.write_steps_csv,
        ("rules", ".csv"): inputs.write_rules_csv,
    }
    writers[kind, Path(path).suffix](Path(path), int(rows))
    return {"bytes": Path(path).stat().st_size}


def import_file(kind: str, path: str, data_dir: str) -> dict[str, object]:
    """Import one file into the store of a folder; `seconds` is the import alone."""
    from governance.records.intake import ImportRequest, import_files

    request = ImportRequest(kind=kind, paths=(Path(path),))
    began = perf_counter()
    result = import_files(request, Path(data_dir))
    seconds = perf_counter() - began
    return {
        "seconds": seconds,
        "rows_read": result.rows_read,
        "accepted": result.accepted,
        "refused": result.refused,
    }


def make_sample(data_dir: str) -> dict[str, object]:
    """Make the demonstration street in a folder, its imports included."""
    from governance.demonstration import make_demonstration

    began = perf_counter()
    make_demonstration(Path(data_dir))
    return {"seconds": perf_counter() - began}


def response_figures(data_dir: str, runs: str) -> dict[str, object]:
    """Time what 响应时效 counts on the store of a folder, seconds."""
    from governance.bench.response_figures import timed_figures
    from governance.records.store import open_dataset

    return vars(timed_figures(open_dataset(Path(data_dir)), runs=int(runs)))


def write_papers(data_dir: str) -> dict[str, object]:
    """Write the three papers of the last complete week; seconds of the week's model and of each."""
    from governance.meeting.ledger import open_ledger
    from governance.records.store import open_dataset
    from governance.report.papers import FORMATS, contents, paper, reported_week
    from governance.report.week import week_model

    dataset = open_dataset(Path(data_dir))
    commitments = open_ledger(Path(data_dir)).commitments()
    began = perf_counter()
    model = week_model(dataset, reported_week(dataset), commitments=commitments)
    taken: dict[str, float] = {"model_s": perf_counter() - began}
    for name in FORMATS:
        started = perf_counter()
        paper(model, name)
        taken[f"{name}_s"] = perf_counter() - started
    return {"seconds": perf_counter() - began, **taken, "rows": contents(model)["rows"]}


def rerun_page(file: str) -> dict[str, object]:
    """Run the dashboard's page again and again on warm caches; `runs_ms` without the first two.

    The data folder comes from the environment. The time is the script's whole rerun with the
    collecting of its elements.
    """
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_file(PROJECT_DIR / "dashboard.py", default_timeout=120)
    page.run()
    if file:
        page.switch_page(f"pages/{file}.py")
    page.run()
    runs_ms = []
    for _ in range(RERUNS):
        began = perf_counter()
        page.run()
        runs_ms.append((perf_counter() - began) * 1000)
    return {"runs_ms": runs_ms, "failures": len(page.exception)}


def page_by_week(file: str, *weeks_back: str) -> dict[str, object]:
    """Turn a page to some weeks, counted back from the newest, on a warm server.

    `first_ms` is each older week's first run, when what it shows is counted from stored results; `again_ms`
    are reruns of all the weeks, one after another.
    """
    from streamlit.testing.v1 import AppTest

    page = AppTest.from_file(PROJECT_DIR / "dashboard.py", default_timeout=300)
    page.run()
    page.switch_page(f"pages/{file}.py")
    page.run()

    def turned_ms(back: str) -> float:
        page.selectbox(key="filter-week").select_index(int(back))
        began = perf_counter()
        page.run()
        return (perf_counter() - began) * 1000

    # The newest week stands already: its run is no first one.
    first_ms = [turned_ms(back) for back in weeks_back if back != "0"]
    again_ms = [turned_ms(back) for _ in range(3) for back in weeks_back]
    return {"first_ms": first_ms, "again_ms": again_ms, "failures": len(page.exception)}


def _patrol(task: str) -> Callable[..., dict[str, object]]:
    def run(*arguments: str) -> dict[str, object]:
        from governance.bench import patrol_work  # it loads the whole chain

        found: dict[str, object] = getattr(patrol_work, task)(*arguments)
        return found

    return run


def _handbook(task: str) -> Callable[..., dict[str, object]]:
    def run(*arguments: str) -> dict[str, object]:
        from governance.bench import handbook_work

        found: dict[str, object] = getattr(handbook_work, task)(*arguments)
        return found

    return run


TASKS: dict[str, Callable[..., dict[str, object]]] = {
    "write": write_export,
    "import": import_file,
    "sample": make_sample,
    "response": response_figures,
    "report": write_papers,
    "rerun": rerun_page,
    "page_weeks": page_by_week,
    "handbook_search": _handbook("timed_searches"),
    "handbook_word": _handbook("printed"),
    "patrol_pings": _patrol("write_pings"),
    "patrol": _patrol("run_chain"),
    "patrol_year": _patrol("keep_year"),
    "patrol_large": _patrol("keep_large"),
    "patrol_kept": _patrol("keep_all"),
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
