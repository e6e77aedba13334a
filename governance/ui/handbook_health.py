"""The handbook's health on 网格手册: by community, what to mend and by whom, what stands there twice."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from governance.figures import handbook_tables
from governance.metrics.handbook import FRESH_WITHIN_D, PARTS, shared_doors, unplaced_entries
from governance.text import t
from governance.ui import blocks
from governance.ui import handbook_data as data
from governance.ui.cache import cached

if TYPE_CHECKING:
    from governance.records.dataset import Dataset
    from governance.ui.shell import Page

MEND_SHOWN_N, TWICE_SHOWN_N = 10, 6


def show_health(page: Page) -> None:
    """Complete, fresh, single-member micro-grids and stale phones, by community."""
    counts = cached(data.counts, page.dataset)
    if counts.empty:
        with blocks.panel("handbook-health", title=t("grid_handbook.health_title_none")):
            blocks.show_empty(t("grid_handbook.conclusion.no_handbook"))
        return
    whole = counts.drop(columns="group").sum()
    title = t(
        "grid_handbook.health_title",
        n=whole["microgrids_n"],
        complete=whole["complete_n"],
        fresh=whole["fresh_n"],
    )
    parts = "、".join(t(f"grid_handbook.parts.{part}") for part in PARTS)
    sub = t("grid_handbook.health_sub", parts=parts, days=FRESH_WITHIN_D)
    with blocks.panel("handbook-health", title=title, sub=sub, page=page, data=counts):
        blocks.show_svg(handbook_tables.health_html(counts, cached(data.community_names, page.dataset)))


def mending_rows(dataset: Dataset) -> pd.DataFrame:
    """Every micro-grid with its health, most to mend first, with words: what is handed out."""
    table = cached(data.health, dataset)
    if table.empty:
        return table
    n = handbook_tables.problems_n(table)
    rows = table.assign(problems_n=n).sort_values(["problems_n", "microgrid_code"], ascending=[False, True])
    names = cached(data.community_names, dataset)
    lacking = [
        handbook_tables.lacking_words({str(key): value for key, value in row.items()})
        for row in rows.to_dict("records")
    ]
    kept = ["microgrid_code", "name", "grid_code", "members_n", "stale_phone_n", "no_phone_n"]
    flags = ("is_complete", "is_fresh", "is_single")
    words = {True: t("slides.columns.yes"), False: t("slides.columns.no")}
    return (
        rows.assign(**{flag: rows[flag].map(words) for flag in flags})[[*kept, *flags, "oldest_verified_on"]]
        .rename(columns={"is_complete": "is_entry_complete"})
        .assign(
            oldest_verified_on=rows["oldest_verified_on"].dt.strftime("%Y-%m-%d"),
            lacking=lacking,
            owner=rows["community_code"].map(dict(names)),
        )
        .reset_index(drop=True)
    )


def show_mending(page: Page) -> None:
    """The list to mend: what lacks, which phones are stale, and the community that has to do it."""
    table = cached(data.health, page.dataset)
    if table.empty:
        return
    rows = handbook_tables.to_mend(table)
    title = t("grid_handbook.mend_title", n=len(rows), singles=int(table["is_single"].sum()))
    sub = t("grid_handbook.mend_sub", shown=min(MEND_SHOWN_N, len(rows)))
    everything = cached(mending_rows, page.dataset)
    with blocks.panel("handbook-mend", title=title, sub=sub, page=page, data=everything):
        if rows.empty:
            blocks.show_empty(t("grid_handbook.nothing_to_mend"))
            return
        names = cached(data.community_names, page.dataset)
        blocks.show_svg(handbook_tables.mend_html(rows, names, rows_n=MEND_SHOWN_N))


def twice_rows(dataset: Dataset) -> pd.DataFrame:
    """What stands twice or nowhere: doors in two micro-grids, persons in two, entries without one.

    Columns: what (door, person, unplaced), key (address or member id), microgrid_code, owner.
    """
    doors = shared_doors(dataset.frame("addresses")).rename(columns={"address": "key"}).assign(what="door")
    persons = cached(data.twice, dataset).rename(columns={"member_id": "key"}).assign(what="person")
    lost = unplaced_entries(dataset).rename(columns={"member_id": "key"}).assign(what="unplaced")
    columns = ["what", "key", "microgrid_code"]
    rows = pd.concat([part[columns] for part in (doors, persons, lost)], ignore_index=True)
    book, names = cached(data.handbook, dataset), cached(data.community_names, dataset)
    owner = {
        code: names.get(book.entry(code).community_code, "")
        for code in rows["microgrid_code"].dropna().unique()
    }
    return rows.assign(owner=rows["microgrid_code"].map(owner))


def show_twice(page: Page) -> None:
    """Doors and persons in two micro-grids, and entries that name none: all kept, to be cleared up."""
    rows = cached(twice_rows, page.dataset)
    counts = rows.drop_duplicates(["what", "key"])["what"].value_counts()
    title = t(
        "grid_handbook.twice_title",
        **{name: int(counts.get(name, 0)) for name in ("door", "person", "unplaced")},
    )
    words = rows.assign(what=rows["what"].map(lambda name: t(f"grid_handbook.twice.{name}")))
    with blocks.panel(
        "handbook-twice",
        title=title,
        sub=t("grid_handbook.twice_sub"),
        page=page,
        data=words if len(rows) else None,
    ):
        if rows.empty:
            blocks.show_empty(t("grid_handbook.nothing_twice"))
            return
        cells = [
            (
                escape(t(f"grid_handbook.twice.{what}")),
                f"<b>{escape(str(key))}</b>",
                escape("、".join(group["microgrid_code"].fillna("—").astype(str))),
                escape("、".join(dict.fromkeys(group["owner"].dropna().astype(str)))),
            )
            for (what, key), group in rows.groupby(["what", "key"], sort=False)
        ]
        heads = [t(f"grid_handbook.heads.{name}") for name in ("twice", "key", "microgrids", "owner")]
        blocks.show_svg(handbook_tables.plain_table(heads, cells[:TWICE_SHOWN_N]))
        if len(cells) > TWICE_SHOWN_N:
            more = t("grid_handbook.more_rows", n=len(cells) - TWICE_SHOWN_N)
            st.html(f'<div class="panel-sub">{escape(more)}</div>')
