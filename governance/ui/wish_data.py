"""What 逐级化解 computes of severities and wishes, one function a cache entry (see ui.cache.cached)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from governance.metrics import opinions, regrading
from governance.text import t
from governance.ui.cache import cached
from governance.ui.escalation_data import (
    MONTH_WEEKS,
    REST,
    STREET,
    TREND_WEEKS,
    Window,
    community_group,
    community_names,
    community_of_microgrids,
    group_name,
    known_until,
    scoped,
    window,
)

if TYPE_CHECKING:
    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection

_HISTORY = "incidents.history"


def severity_versions(dataset: Dataset) -> pd.DataFrame:
    """The replaced versions of the incidents: what `regrading.regraded_cases` compares."""
    from governance.records import store

    manifest = store.read_manifest(dataset.data_dir, verify=False)
    table = store.read_table(dataset.data_dir, manifest, _HISTORY).select(list(regrading.VERSION_COLUMNS))
    types = dataset.frame("incidents").dtypes
    frame = pd.DataFrame(table.to_pandas())
    return frame.astype({name: types[name] for name in regrading.VERSION_COLUMNS})


def regraded(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """`regrading.regraded_cases` of all weeks, inside the filters."""
    versions = cached(severity_versions, dataset)
    cases = dataset.cases()[cached(scoped, dataset, selection)]
    return regrading.regraded_cases(cases, versions, dataset.frame("incident_steps"))


def drift(dataset: Dataset, selection: Selection) -> tuple[pd.DataFrame, pd.DataFrame, Window]:
    """`severity_drift` of the trend weeks against those before, the weekly shares, the weeks before."""
    cases = dataset.cases()[cached(scoped, dataset, selection)]
    now = window(dataset, selection.week, TREND_WEEKS)
    before = window(dataset, selection.week.shifted(-TREND_WEEKS), TREND_WEEKS)
    weekly = regrading.weekly_severities(cases, now.spans)
    return regrading.severity_drift(cases, now.spans, before.spans), weekly, before


def wishes(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """`opinions.opinion_table` of the trend weeks for the street and per community, with name, look."""
    requests, names = dataset.frame("requests"), cached(community_names, dataset)
    span = window(dataset, selection.week, TREND_WEEKS, "requests").span
    as_of = known_until(dataset, span, "requests")
    if as_of is None:
        return pd.DataFrame()
    codes = community_group(
        requests["microgrid_code"].map(cached(community_of_microgrids, dataset)).astype("string"), names
    )
    chosen = codes.eq(selection.community_code) if selection.community_code else codes.notna()
    whole = pd.Series(STREET, index=requests.index).where(chosen)
    tables = [opinions.opinion_table(requests, group, span=span, as_of=as_of) for group in (whole, codes)]
    table = pd.concat([table for table in tables if len(table)] or tables[:1])
    order = [group for group in (STREET, *names, REST) if group in set(table["group"])]
    table = table.set_index("group").reindex(order).reset_index()
    table.insert(1, "name", [group_name(dataset, selection, str(group)) for group in table["group"]])
    is_chosen = table["group"].eq(selection.community_code or "")
    table["look"] = table["group"].eq(STREET).map({True: "total", False: ""})
    table.loc[is_chosen, "look"] = "chosen"
    return table


def silent(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """`opinions.silent_microgrids` of 4 and 12 weeks, with community_code, inside the filter."""
    spans = {
        f"silent_{count}w": window(dataset, selection.week, count, "requests").span
        for count in (MONTH_WEEKS, TREND_WEEKS)
    }
    table = opinions.silent_microgrids(
        dataset.frame("requests"), dataset.frame("members"), dataset.frame("microgrids"), spans=spans
    )
    codes = table["microgrid_code"].map(cached(community_of_microgrids, dataset)).astype("string")
    table.insert(3, "community_code", codes)
    if selection.community_code:
        table = table[codes.eq(selection.community_code).fillna(False).astype(bool)]
    return table


@dataclass(frozen=True)
class Silent:
    """Silent micro-grids in sum: of how many, per community, and how many chance would leave silent."""

    microgrids_n: int
    four_n: int
    twelve_n: int
    rows: pd.DataFrame
    four_by_chance: float
    twelve_by_chance: float


def silent_sums(dataset: Dataset, selection: Selection) -> Silent:
    """The sums of `silent`; rows hold name, n, four_n, twelve_n, codes (silent for 12 weeks), look."""
    table, names = cached(silent, dataset, selection), cached(community_names, dataset)
    codes = community_group(table["community_code"], names)
    rows = []
    for code in [code for code in (*names, REST) if code in set(codes)]:
        part = table[codes.eq(code)]
        quiet = part.loc[part["silent_12w"].astype(bool), "microgrid_code"].tolist()
        name = names.get(code) or t(f"case_escalation.groups.{code}")
        look = "chosen" if code == selection.community_code else ""
        rows.append((name, len(part), int(part["silent_4w"].sum()), len(quiet), quiet, look))
    requests = dataset.frame("requests")
    placed = requests[requests["microgrid_code"].isin(table["microgrid_code"].tolist())]["collected_at"]
    spans = [window(dataset, selection.week, count, "requests").span for count in (MONTH_WEEKS, TREND_WEEKS)]
    chance = [opinions.silent_by_chance(len(table), int(span.holds(placed).sum())) for span in spans]
    return Silent(
        microgrids_n=len(table),
        four_n=int(table["silent_4w"].sum()),
        twelve_n=int(table["silent_12w"].sum()),
        rows=pd.DataFrame(rows, columns=["name", "n", "four_n", "twelve_n", "codes", "look"]),
        four_by_chance=chance[0],
        twelve_by_chance=chance[1],
    )
