"""时限与目标 on 数据接入: what is in force, what was, and a new version of it."""

from __future__ import annotations

from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from governance.metrics.control_series import SERIES
from governance.metrics.definitions import METRICS
from governance.records import versions
from governance.schema import kind_named, schema
from governance.text import has, t
from governance.ui import blocks
from governance.ui.shell import error_boundary
from governance.workdays import SHANGHAI

if TYPE_CHECKING:
    from governance.records.dataset import Dataset
    from governance.records.versions import TableVersion, Versioned
    from governance.ui.shell import Page

_KINDS: tuple[Versioned, ...] = ("rules", "targets")
_STORED = "limits_stored"


# ---------------------------------------------------------------------- the table, as edited
def _words(values: str) -> dict[str, str]:
    return {code: known[0] for code, known in schema().values[values].items()}


def limits_grid(rows: pd.DataFrame) -> pd.DataFrame:
    """Limits as people read them: a row a category and clock, a column a severity, hours.

    Columns: category, clock, one per severity code, and `any` (no severity named).
    """
    severities = [*_words("severity"), "any"]
    known = rows.assign(
        severity=rows["severity"].fillna("any"), clock=rows["clock"].fillna("calendar")
    ).drop_duplicates(["category", "clock", "severity"], keep="last")
    order = list(dict.fromkeys(zip(known["category"], known["clock"], strict=True)))
    grid = known.set_index(["category", "clock", "severity"])["limit_h"].unstack("severity")
    others = [str(name) for name in grid.columns if name not in severities]
    grid = grid.reindex(
        index=pd.MultiIndex.from_tuples(order, names=["category", "clock"]) if order else None
    )
    return grid.reindex(columns=[*severities, *others]).astype("float64").reset_index()


def limit_rows(grid: pd.DataFrame) -> pd.DataFrame:
    """The rows of a version from what `limits_grid` gave and somebody edited."""
    names = [str(name) for name in grid.columns if name not in ("category", "clock")]
    rows = grid.melt(["category", "clock"], names, "severity", "limit_h").dropna(subset=["limit_h"])
    rows["severity"] = rows["severity"].mask(rows["severity"].eq("any"))
    return rows.astype({"category": "string", "clock": "string", "severity": "string"}).reset_index(drop=True)


def target_rows(edited: pd.DataFrame) -> pd.DataFrame:
    """The rows of a version of targets, rows left wholly empty dropped."""
    return edited.dropna(how="all").reset_index(drop=True)


def metric_words(key: str) -> str:
    """The name of a target's metric; its key where it has none yet."""
    known = (f"metrics.{key}.label", f"limits.metrics.{key}")
    return next((t(place) for place in known if has(place)), key)


def _grid_of(kind: Versioned, version: TableVersion | None) -> pd.DataFrame:
    columns = [*versions.KEYS[kind], *versions.VALUES[kind]]
    if version is None:
        empty = pd.DataFrame({name: pd.Series(dtype="string") for name in columns})
        number = "limit_h" if kind == "rules" else "value"
        rows = empty.astype({number: "float64"})
    else:
        rows = version.rows[columns]
    return limits_grid(rows) if kind == "rules" else rows.reset_index(drop=True)


def _choice(label: str, words: dict[str, str], **options: Any) -> Any:  # noqa: ANN401 - Streamlit's own
    """A column whose cells are chosen among codes and shown as words."""
    return st.column_config.SelectboxColumn(
        label, options=list(words), format_func=lambda code: words.get(str(code), str(code)), **options
    )


def _column_config(kind: Versioned, metrics: list[str]) -> dict[str, Any]:
    config = st.column_config
    label = {column.name: column.label for column in kind_named(kind).columns}
    if kind == "targets":
        names = {key: metric_words(key) for key in metrics}
        return {
            "metric": _choice(label["metric"], names, required=True, width="medium"),
            "value": config.NumberColumn(label["value"], help=t("limits.value_help"), format="%g"),
            "direction": _choice(label["direction"], _words("direction")),
            "source": config.TextColumn(label["source"], width="medium"),
        }
    severity = {**_words("severity"), "any": t("limits.any_severity")}
    return {
        "category": config.TextColumn(label["category"], required=True),
        "clock": _choice(label["clock"], _words("clock"), required=True),
        **{
            code: config.NumberColumn(t("limits.hours", severity=word), min_value=0.0, format="%g")
            for code, word in severity.items()
        },
    }


def _metrics_known(dataset: Dataset) -> list[str]:
    stored = dataset.frame("targets")["metric"].dropna()
    return list(dict.fromkeys([*METRICS, *SERIES, *stored]))


# ----------------------------------------------------------------------------------- words
def version_words(version: TableVersion, known: tuple[TableVersion, ...], day: date) -> str:
    """A version's name, when it holds, and whether it is in force on a day."""
    place = [one.name for one in known].index(version.name)
    begins = version.valid_from
    ends = known[place + 1].valid_from if place + 1 < len(known) else None
    current = versions.version_on(known, day)
    is_current = current is not None and current.name == version.name
    state = "current" if is_current else "future" if begins is not None and begins > day else "past"
    return t(
        f"limits.version_{state}",
        name=version.name or t("limits.unnamed"),
        begins=begins.isoformat() if begins else t("limits.ever"),
        ends=(ends - timedelta(days=1)).isoformat() if ends else "",
    )


def difference_table(kind: Versioned, changes: pd.DataFrame) -> pd.DataFrame:
    """Differences between versions as they are shown: what, before, after."""
    rows = []
    for row in changes.to_dict("records"):
        if kind == "rules":
            severity = _words("severity").get(row["severity"], row["severity"]) or t("limits.any_severity")
            what = t("limits.what_rules", category=row["category"], severity=severity)
        else:
            what = metric_words(str(row["metric"]))
        rows.append((what, *(_side_words(kind, row, side) for side in ("old", "new"))))
    return pd.DataFrame(rows, columns=[t(f"limits.head_{name}") for name in ("what", "old", "new")])


def _side_words(kind: Versioned, row: dict[Any, Any], side: str) -> str:
    first, second, *rest = (row[f"{side}_{name}"] for name in versions.VALUES[kind])
    if pd.isna(first):
        return "—"
    if kind == "rules":
        clock = "" if pd.isna(second) else _words("clock").get(second, second)
        return t("limits.limit", hours=f"{first:g}", clock=clock)
    direction = "" if pd.isna(second) else _words("direction").get(second, second)
    source = "" if pd.isna(rest[0]) else t("limits.source", source=rest[0])
    return t("limits.target", direction=direction, value=f"{first:g}", source=source)


# ----------------------------------------------------------------------------------- shown
def show_limits(page: Page) -> None:
    """The versions of limits and targets, and the editor of a new one."""
    with blocks.panel("limits", title=t("limits.title"), sub=t("limits.sub")):
        kind = st.segmented_control(
            t("limits.which"), _KINDS, default="rules", format_func=lambda name: kind_named(name).label,
            label_visibility="collapsed", key="limits-kind", required=True,
        )  # fmt: skip
        stored = st.session_state.pop(_STORED, "")
        if stored:
            st.html(f'<div class="note" role="status">{escape(stored)}</div>')
        known = versions.versions_of(page.dataset.frame(kind))
        as_of = page.dataset.as_of.get("incidents")
        latest = known[-1].valid_from if known else None
        day = as_of.astimezone(SHANGHAI).date() if as_of else latest or date.min
        _show_versions(page, kind, known, day)
        _show_editor(page, kind, known, day)


def _show_versions(page: Page, kind: Versioned, known: tuple[TableVersion, ...], day: date) -> None:
    if not known:
        blocks.show_empty(t(f"limits.none_{kind}"))
        return
    named = {version.name: version for version in reversed(known)}
    current = versions.version_on(known, day) or known[0]
    name = st.selectbox(
        t("limits.version"), list(named), index=list(named).index(current.name),
        format_func=lambda name: version_words(named[name], known, day), key=f"limits-version-{kind}",
        filter_mode=None, width=420,
    )  # fmt: skip
    chosen = named[name]
    st.dataframe(
        _grid_of(kind, chosen),
        hide_index=True,
        width="stretch",
        column_config=_column_config(kind, _metrics_known(page.dataset)),
        placeholder="",
        alt=version_words(chosen, known, day),
    )


def _show_editor(page: Page, kind: Versioned, known: tuple[TableVersion, ...], day: date) -> None:
    base = known[-1] if known else None
    with st.expander(t(f"limits.edit_{kind}")):
        if base is not None:
            note = t("limits.starts_from", version=version_words(base, known, day))
            st.html(f'<div class="panel-sub">{escape(note)}</div>')
        edited = st.data_editor(
            _grid_of(kind, base),
            hide_index=True,
            width="stretch",
            num_rows="dynamic",
            column_config=_column_config(kind, _metrics_known(page.dataset)),
            placeholder="",
            key=f"limits-editor-{kind}-{page.dataset.fingerprint}",
        )
        rows = limit_rows(edited) if kind == "rules" else target_rows(edited)
        before = base.rows if base is not None else rows.iloc[:0]
        changes = versions.differences(kind, before, rows)
        if changes.empty:
            st.html(f'<div class="panel-sub">{escape(t("limits.no_change"))}</div>')
            return
        st.html(f'<div class="panel-sub">{escape(t("limits.changes", n=len(changes)))}</div>')
        st.dataframe(difference_table(kind, changes), hide_index=True, width="stretch")
        _show_store(page, kind, rows, len(changes), day)


def _show_store(page: Page, kind: Versioned, rows: pd.DataFrame, changes_n: int, day: date) -> None:
    earliest = versions.earliest_start(page.dataset, kind)
    first, second, third = st.columns([3, 3, 6], vertical_alignment="bottom")
    name = first.text_input(t("limits.name"), placeholder=t("limits.name_hint"), key=f"limits-name-{kind}")
    valid_from = second.date_input(
        t("limits.valid_from"), value=earliest or day + timedelta(days=1), key=f"limits-from-{kind}",
        help=t(f"limits.valid_from_help_{kind}"), format="YYYY-MM-DD", min_value=date(2000, 1, 1),
        max_value=date(2199, 12, 31), required=True,
    )  # fmt: skip
    if not isinstance(valid_from, date):
        return
    if earliest is not None and valid_from < earliest:
        n = versions.judged_since(page.dataset, kind, valid_from)
        key = f"limits.past_{kind}" if n else "limits.too_early"
        words = t(key, day=valid_from.isoformat(), n=f"{n:,}", earliest=earliest.isoformat())
        st.html(f'<div class="note">{escape(words)}</div>')
    if third.button(t("limits.store", n=changes_n), type="primary", disabled=not name.strip()):
        with error_boundary():
            result = versions.add_version(page.dataset, kind, rows, name=name, valid_from=valid_from)
            st.session_state[_STORED] = t(
                "limits.stored",
                kind=kind_named(kind).label,
                name=name.strip(),
                day=valid_from.isoformat(),
                n=result.accepted,
                refused=t("limits.some_refused", n=result.refused) if result.refused else "",
            )
            st.rerun()
