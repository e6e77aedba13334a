"""A number's cases: what the dialog offers, shows and hands out."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from governance.figures.case_table import cases_table
from governance.metrics.windows import FOUND, PUBLIC, UNRECORDED, Scope
from tests.builders import case, imported
from tests.test_places import frame


def test_codes_and_headers_are_written_in_words():
    cases = frame("incidents", [{"incident_id": "1", "source": "hotline", "severity": "odd"}])
    table = cases_table(cases.assign(rows_n=2), extra=("rows_n",))
    assert table.columns[:2].tolist() == ["案件编号", "本周行数"]
    assert table.loc[0, ["来源", "等级"]].tolist() == ["12345", "odd"]


def test_a_scope_keeps_demand_apart_and_finds_cases_without_a_team():
    cases = frame(
        "incidents",
        [
            {"incident_id": "1", "source": "petition", "team_id": "T-1"},
            {"incident_id": "2", "source": "patrol"},
            {"incident_id": "3"},
        ],
    )
    assert Scope(demand=PUBLIC).rows(cases)["incident_id"].tolist() == ["1"]
    assert Scope(demand=FOUND).rows(cases)["incident_id"].tolist() == ["2"]
    assert Scope(team_id=UNRECORDED).rows(cases)["incident_id"].tolist() == ["2", "3"]


def _lists_page():
    from governance.ui.cache import current_dataset
    from governance.ui.case_lists import show_case_lists
    from governance.ui.navigation import page_named
    from governance.ui.shell import Page

    page = Page(page_named("week_overview"), current_dataset())
    cases = page.dataset.cases()
    show_case_lists(page, "due", lambda: {"上报 2 件": cases, "结案 0 件": cases.head(0)})


def test_the_button_opens_the_cases_of_the_chosen_number(tmp_path, monkeypatch):
    imported(tmp_path / "data", "incidents", [case("1"), case("2")])
    monkeypatch.setenv("GOVERNANCE_DATA", str(tmp_path / "data"))
    app = AppTest.from_function(_lists_page, default_timeout=20).run()
    assert not app.dataframe
    app.button(key="open-list-due").click().run()
    assert app.dataframe[0].value["案件编号"].tolist() == ["1", "2"]
