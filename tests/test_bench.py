"""The benchmarks' inputs are real exports, and their figures are judged in the right direction."""

from __future__ import annotations

import pytest

from governance.bench import run_bench
from governance.bench.inputs import (
    SWAPPED_SHARE,
    write_incidents_csv,
    write_pings_csv,
    write_rules_csv,
    write_steps_csv,
)
from governance.bench.measuring import Measurement, child_run, line_of
from governance.errors import UsageError

ROWS = 4000


@pytest.mark.parametrize(("kind", "write"), [("incidents", write_incidents_csv), ("pings", write_pings_csv)])
def test_a_generated_export_comes_in_whole_in_a_process_of_its_own(tmp_path, kind, write):
    export = tmp_path / "export.csv"
    write(export, ROWS)
    run = child_run("import", kind, export, tmp_path / "store")
    assert run.values["rows_read"] == ROWS
    assert run.values["accepted"] + run.values["refused"] == ROWS
    assert run.values["refused"] < ROWS * SWAPPED_SHARE
    assert run.values["seconds"] > 0


def test_incidents_have_twenty_columns(tmp_path):
    export = tmp_path / "export.csv"
    write_incidents_csv(export, 10)
    assert len(export.read_text(encoding="utf-8").splitlines()[0].split(",")) == 20


def test_the_figures_of_a_page_are_counted_from_a_store(tmp_path):
    data = tmp_path / "store"
    writers = {"incidents": write_incidents_csv, "incident_steps": write_steps_csv, "rules": write_rules_csv}
    for kind, write in writers.items():
        export = tmp_path / f"{kind}.csv"
        write(export, 400)
        read = child_run("import", kind, export, data).values
        assert read["accepted"] > 0
    timed = child_run("response", data, "2").values
    assert len(timed["page_s"]) == 2
    assert timed["cases_n"] == pytest.approx(400, abs=5)


def test_a_goal_is_a_floor_or_a_ceiling():
    rate = Measurement("pings_csv", (90.0, 110.0, 100.0), "rows_per_s", 100, is_goal_least=True)
    wait = Measurement("start", (4.5, 3.5, 5.5), "s", 4)
    unmeasured = Measurement("start", (), "s", 4, note="—")
    assert (rate.figure, rate.is_met) == (100, True)
    assert (wait.figure, wait.is_met) == (4.5, False)
    assert unmeasured.is_met is None
    assert "4.50" in line_of(wait)


def test_an_unknown_benchmark_is_wrong_usage():
    with pytest.raises(UsageError) as raised:
        run_bench("speed")
    assert raised.value.code == "unknown_bench"
