"""The open cases on 响应时效: a mark each by age and light, and the list of those to look at first."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd

from governance.figures import open_cases
from governance.figures.case_table import cases_table
from governance.figures.durations import ago_text, used_of_limit, used_text
from governance.metrics.open_list import LIGHTS, WAITS, first_rows
from governance.metrics.workload import AGE_BANDS_D
from governance.schema import schema
from governance.text import t
from governance.ui import blocks
from governance.ui import response_data as data
from governance.ui import response_stock_data as stock_data
from governance.ui.cache import cached
from governance.ui.case_lists import show_case_lists
from governance.ui.response_words import group_names
from governance.ui.words import stamp_words

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import datetime

    from governance.records.dataset import Dataset
    from governance.ui.filters import Selection
    from governance.ui.shell import Page


LIST_ROWS = 10


def _open_title(dataset: Dataset, selection: Selection) -> str:
    stock = cached(stock_data.open_stock, dataset, selection)
    if stock is None:
        return ""
    table, n = stock.table, stock.stock.under_way_n
    overdue = table[table["light"].eq("overdue")]
    if n and table["light"].eq("no_limit").all():
        return t("incident_response.open_title_no_limit", n=f"{n:,}")
    words = t("incident_response.open_title", n=f"{n:,}", overdue_n=f"{len(overdue):,}")
    counted = (overdue if len(overdue) > 1 else table)["category"].value_counts()
    if len(counted) and counted.iloc[0] > max(counted.sum() / 2, 4):
        part = "open_title_overdue" if len(overdue) > 1 else "open_title_of"
        words += t(f"incident_response.{part}", n=f"{counted.iloc[0]:,}", category=counted.index[0])
    return words


def _flow_words(stock: stock_data.OpenStock) -> str:
    """Came, left and what remains, whether it clears, and the overdue stock with its bounds."""
    this = stock.flow.iloc[-1]
    came, left = (0 if pd.isna(this[name]) else int(this[name]) for name in ("inflow_n", "outflow_n"))
    is_marked = stock.stock.under_way_n <= open_cases.MARKS_UNTIL_N
    words = t("incident_response.flow_marks") if is_marked else ""
    words += t(
        "incident_response.flow",
        before=f"{stock.before_n:,}",
        came=f"{came:,}",
        left=f"{left:,}",
        n=f"{stock.stock.under_way_n:,}",
    )
    clearing = stock.clearing
    if clearing.noise_per_week > 0:
        net = f"{clearing.net_per_week:+.1f}".replace("-", "−")
        if clearing.clears_at is not None:
            key, day = "clears", stamp_words(clearing.clears_at)[:-5]
        else:
            is_growing = clearing.net_per_week > clearing.noise_per_week
            key, day = ("grows" if is_growing else "no_trend"), ""
        words += t(f"incident_response.{key}", net=net, noise=f"{clearing.noise_per_week:.1f}", day=day)
    known = stock.stock
    if known.no_limit_n + known.suspended_n == known.under_way_n:
        return words
    low, high = f"{known.lower:.1f}", f"{known.upper:.1f}"
    return words + t("incident_response.overdue_stock", n=f"{known.overdue_n:,}", low=low, high=high)


def _open_counts(stock: stock_data.OpenStock) -> dict[tuple[int, str], int]:
    pairs = zip(stock.table["band"].tolist(), stock.table["light"].tolist(), strict=True)
    counts: dict[tuple[int, str], int] = {}
    for pair in pairs:
        counts[pair] = counts.get(pair, 0) + 1
    return counts


def _open_lists(dataset: Dataset, selection: Selection) -> dict[str, pd.DataFrame]:
    stock = cached(stock_data.open_stock, dataset, selection)
    if stock is None:
        return {}
    table = stock.table.assign(
        used_share=stock.table["used_share"].round(2),
        age_d=stock.table["age_d"].round(1),
        light=stock.table["light"].map(lambda light: t(f"incident_response.lights.{light}")),
        waits_for=stock.table["waits_for"].map(lambda stage: t(f"incident_response.waits.{stage}")),
    )
    lists = {t("incident_response.list_all_open", n=len(table)): table}
    for column in ("light", "waits_for"):
        for words in dict.fromkeys(table[column]):
            own = table[table[column].eq(words)]
            lists[t("incident_response.list_open_of", words=words, n=len(own))] = own
    return lists


_OPEN_EXTRA = ("light", "used_share", "age_d", "waits_for", "holder", "last_action_at")


def open_table(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """The grid's counts to take away."""
    stock = cached(stock_data.open_stock, dataset, selection)
    counts = _open_counts(stock) if stock else {}
    return pd.DataFrame(
        [
            {
                "band": open_cases.band_words(band),
                **{t(f"incident_response.lights.{light}"): counts.get((band, light), 0) for light in LIGHTS},
            }
            for band in range(len(AGE_BANDS_D) + 1)
        ]
    )


def show_open(page: Page, selection: Selection) -> None:
    """One mark a case under way, by age and stage light; inflow and outflow."""
    dataset, week = page.dataset, str(selection.week)
    stock = cached(stock_data.open_stock, dataset, selection)
    if stock is None:
        return
    table = cached(open_table, dataset, selection)
    title = cached(_open_title, dataset, selection)
    with blocks.panel("open", title=title, page=page, data=table, week=week):
        show_case_lists(page, "open", lambda: _open_lists(dataset, selection), suffix=week, extra=_OPEN_EXTRA)
        blocks.show_svg(
            open_cases.open_grid_html(_open_counts(stock))
            + f'<div class="panel-sub">{escape(_flow_words(stock))}</div>'
        )


def _holder(row: dict[Hashable, Any], teams: dict[str, str], areas: dict[str, str]) -> str:
    """The unit that holds a case: by the flow log, else its team; never a person."""
    if pd.notna(row["holder"]):
        return str(row["holder"])
    if pd.notna(row["team_id"]):
        return teams.get(str(row["team_id"]), str(row["team_id"]))
    area = "" if pd.isna(row["community_code"]) else areas.get(str(row["community_code"]), "")
    area = area.removesuffix(t("map.community_suffix"))
    return t("incident_response.nobody_in", area=area) if area else t("incident_response.nobody")


def _used_words(row: dict[Hashable, Any], share: float) -> str:
    """What stands beside the bar: how much is used, that the clock stands, or that there is none."""
    since = row["suspended_since"]
    if row["light"] == "suspended":
        day = "" if pd.isna(since) else t("incident_response.since_day", month=since.month, day=since.day)
        return t("incident_response.clock_stands", since=day)
    return t("incident_response.no_limit") if math.isnan(share) else used_text(share)


def _list_row(
    row: dict[Hashable, Any], at: datetime, names: tuple[dict[str, str], dict[str, str]], day_h: float
) -> open_cases.OpenRow:
    severities = {code: words[0] for code, words in schema().values["severity"].items()}
    missing, is_suspended = t("cards.missing"), row["light"] == "suspended"
    share = math.nan if is_suspended else float(row["used_share"])
    place = " · ".join(str(row[name]) for name in ("address", "subcategory") if pd.notna(row[name]))
    hours = math.nan if is_suspended else float(row["limit_h"])
    used = used_of_limit(float(row["used_h"]), hours, is_working=bool(row["is_working"]), day_h=day_h)
    severity = row["severity"]
    return open_cases.OpenRow(
        light=str(row["light"]),
        number=str(row["incident_id"]),
        kind=t("incident_response.no_group") if pd.isna(row["category"]) else str(row["category"]),
        severity="" if pd.isna(severity) else severities.get(str(severity), str(severity)),
        place=place or missing,
        used=used or missing,
        used_share=share,
        used_words=_used_words(row, share),
        stage=t(f"incident_response.waits.{row['waits_for']}"),
        holder=_holder(row, *names),
        last=ago_text(at - row["last_action_at"]) if pd.notna(row["last_action_at"]) else missing,
    )


def _list_html(dataset: Dataset, selection: Selection) -> str:
    stock, judged = cached(stock_data.open_stock, dataset, selection), cached(data.part, dataset, selection)
    if stock is None or judged is None:
        return ""
    names = group_names(dataset, "team"), group_names(dataset, "community")
    day_h = judged.hours.to_h - judged.hours.from_h
    shown, _ = first_rows(stock.table, rows_n=LIST_ROWS)
    rows = [_list_row(row, stock.at, names, day_h) for row in shown.to_dict("records")]
    return open_cases.open_list_html(rows)


def open_cases_table(dataset: Dataset, selection: Selection) -> pd.DataFrame:
    """All open cases as they are handed out."""
    rows = next(iter(_open_lists(dataset, selection).values()), pd.DataFrame())
    return cases_table(rows, extra=_OPEN_EXTRA)


def _list_sub(dataset: Dataset, selection: Selection) -> str:
    """How many of each state are listed, and where the cases are stuck."""
    stock = cached(stock_data.open_stock, dataset, selection)
    if stock is None or stock.table.empty:
        return ""
    _, shown = first_rows(stock.table, rows_n=LIST_ROWS)
    have = stock.table["light"].value_counts()
    listed = "，".join(
        f"{t(f'incident_response.lights.{light}')} {shown[light]} / {int(have[light])}"
        for light in LIGHTS
        if have.get(light)
    )
    waiting = stock.table["waits_for"].value_counts()
    stuck = " · ".join(
        f"{t(f'incident_response.waits.{stage}')} {int(waiting[stage])}"
        for stage in (*WAITS, "suspended")
        if waiting.get(stage)
    )
    is_timed = bool(stock.table["used_share"].notna().any())
    key = "list_sub" if is_timed else "list_sub_by_age"
    return t(f"incident_response.{key}", listed=listed, stuck=stuck)


def show_list(page: Page, selection: Selection) -> None:
    """The cases under way to look at first, with whom they are."""
    dataset, week = page.dataset, str(selection.week)
    stock = cached(stock_data.open_stock, dataset, selection)
    if stock is None:
        return
    n = len(stock.table)
    title = t("incident_response.list_title", shown=min(n, LIST_ROWS), n=f"{n:,}")
    sub = cached(_list_sub, dataset, selection)
    table = cached(open_cases_table, dataset, selection)
    with blocks.panel("open-list", title=title, sub=sub, page=page, data=table, week=week):
        if not n:
            blocks.show_empty(t("incident_response.empty_open"))
            return
        show_case_lists(
            page,
            "open-all",
            lambda: _open_lists(dataset, selection),
            suffix=week,
            extra=_OPEN_EXTRA,
            label=t("incident_response.list_all", n=f"{n:,}"),
        )
        blocks.show_svg(cached(_list_html, dataset, selection))
        blocks.show_svg(f'<div class="panel-sub list-foot">{t("incident_response.list_foot")}</div>')
