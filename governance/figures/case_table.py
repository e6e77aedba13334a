"""Cases as a table for people: Chinese headers and words, stamps to the second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from governance.schema import kind_named, schema
from governance.text import has, t

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    *("incident_id", "reported_at", "category", "subcategory", "severity", "source", "status", "address"),
    *("community_code", "grid_code", "microgrid_code", "team_id", "accepted_at", "filed_at"),
    *("dispatched_at", "arrived_at", "resolved_at", "verified_at", "closed_at", "due_at"),
    *("level_closed", "description", "flags"),
)
# Value lists of columns that are not an incident's.
_LISTS = {"zone_kind": "zone_kind", "force": "force"}


def cases_table(cases: pd.DataFrame, *, extra: Sequence[str] = ()) -> pd.DataFrame:
    """Cases as they are shown and handed out: Chinese headers and words, stamps to the second.

    `cases` are masked incidents; columns it lacks are left out, `extra` ones stand first after
    the id, under their text `columns.<name>`.
    """
    known = kind_named("incidents").by_name
    names = [name for name in (COLUMNS[0], *extra, *COLUMNS[1:]) if name in cases.columns]
    values, heads = {}, {}
    for name in names:
        column = known.get(name)
        heads[name] = column.label if column else t(f"columns.{name}") if has(f"columns.{name}") else name
        if name == "state":
            words = {code: t(f"duty.{code}") for code in cases[name].dropna().unique()}
            values[name] = cases[name].map(words).fillna("")
        elif hasattr(cases[name], "dt"):
            values[name] = cases[name].dt.strftime("%Y-%m-%d %H:%M:%S").fillna("")
        elif code_list := (column.values if column is not None else "") or _LISTS.get(name):
            words = {code: word[0] for code, word in schema().values[code_list].items()}
            values[name] = cases[name].map(words).fillna(cases[name]).fillna("")
        elif not pd.api.types.is_numeric_dtype(cases[name]):
            values[name] = cases[name].fillna("")
    return cases[names].assign(**values).rename(columns=heads | {"flags": t("case_lists.flags")})
