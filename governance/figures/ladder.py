"""The containment ladder as HTML: one row a group, bands that sum to 100 %, on one ruler.

Pure builders; every text is escaped.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from governance.text import has, t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    Row = Mapping[Any, Any]

# Band and what it is drawn as (see theme.css).
BAND_LOOKS = (
    ("community_n", "community"),
    ("street_n", "street"),
    ("above_required_n", "required"),
    ("above_other_n", "other"),
    ("open_n", "open"),
    ("unknown_level_n", "unknown"),
)
_SHOWN_FROM = 0.045


def share_text(k: int, n: int) -> str:
    """A share with one decimal; a dash without cases."""
    return f"{k / n:.1%}" if n else t("cards.missing")


def of_text(k: int, n: int) -> str:
    """k/n with thousands."""
    return f"{k:,}/{n:,}"


def explained(tag: str, key: str) -> str:
    """A column's head with its definition on hover; `key` has a place for head and about."""
    about = f' title="{escape(t(key.format("about")))}"' if has(key.format("about")) else ""
    return f"<{tag}{about}>{escape(t(key.format('head')))}</{tag}>"


def ladder_html(rows: pd.DataFrame, *, small_n: int, target: float | None = None) -> str:
    """Groups in rows, from the table of `ui.escalation_data.ladder`.

    A group of fewer than `small_n` cases gets counts and no bar. `target` is the share that
    should stay in the community, drawn as a tick on every bar.
    """
    records = rows.to_dict("records")
    has_unknown = any(row["unknown_level_n"] for row in records)
    heads = ["community", "street", "above", "open", *(["unknown"] if has_unknown else []), "previous"]
    head = "".join(explained("span", f"case_escalation.ladder.{{}}_{name}") for name in heads)
    body = "".join(_row(row, small_n, target, has_unknown=has_unknown) for row in records)
    look = "ladder with-unknown" if has_unknown else "ladder"
    alt = t("case_escalation.ladder.alt", n=len(records))
    return (
        f'<div class="{look}" role="img" aria-label="{escape(alt)}">'
        f'<div class="ladder-row heads"><span></span><span></span>{head}</div>{body}</div>'
    )


def _row(row: Row, small_n: int, target: float | None, *, has_unknown: bool) -> str:
    n = int(row["cases_n"])
    is_few = n < small_n
    above = int(row["above_required_n"]) + int(row["above_other_n"])
    numbers = [_number(int(row["community_n"]), n, is_few), _number(int(row["street_n"]), n, is_few)]
    split = t(
        "case_escalation.ladder.above_split", required=row["above_required_n"], other=row["above_other_n"]
    )
    numbers.append(_number(above, n, is_few, below=split))
    numbers.append(_number(int(row["open_n"]), n, is_few))
    if has_unknown:
        numbers.append(_number(int(row["unknown_level_n"]), n, is_few))
    before_n = int(row["previous_n"])
    numbers.append(_number(int(row["previous_community_n"]), before_n, before_n < small_n, quiet=True))
    bar = _few(n) if is_few else _bar(row, n, target)
    look = " ".join(
        part for part in ("ladder-row", row["kind"], "chosen" if row["is_chosen"] else "") if part
    )
    name = f'<span class="ladder-name">{escape(str(row["name"]))}<i>{n:,}</i></span>'
    return f'<div class="{escape(look)}">{name}{bar}{"".join(numbers)}</div>'


def _number(k: int, n: int, is_few: bool, *, below: str = "", quiet: bool = False) -> str:
    """A share over what it rests on; for few cases the counts alone."""
    look = ' class="quiet"' if quiet else ""
    counts = of_text(k, n) if n else t("cards.missing")
    figure, rests_on = (counts, below) if is_few else (share_text(k, n), below or counts)
    return f"<span{look}><b>{escape(figure)}</b><i>{escape(rests_on)}</i></span>"


def _few(n: int) -> str:
    words = t("case_escalation.few", n=n) if n else t("case_escalation.none")
    return f'<span class="ladder-few">{escape(words)}</span>'


def _bar(row: Row, n: int, target: float | None) -> str:
    parts = []
    for band, look in BAND_LOOKS:
        share = int(row[band]) / n
        if share:
            words = t(f"case_escalation.bands.{band}")
            shown = f"{int(row[band]):,}" if share >= _SHOWN_FROM else ""
            tip = f"{words} {of_text(int(row[band]), n)}（{share:.1%}）"
            width = f'style="width:{share * 100:.3f}%"'
            parts.append(f'<span class="band {look}" {width} title="{escape(tip)}">{shown}</span>')
    tick = f'<span class="tick" style="left:{target * 100:.2f}%"></span>' if target is not None else ""
    return f'<span class="ladder-bar">{"".join(parts)}{tick}</span>'


def ladder_key_html(bands: Sequence[str], *, target: str) -> str:
    """What the bands are, once for all rows; `target` in words."""
    marks = [
        f'<span><i class="band {look}"></i>{escape(t(f"case_escalation.bands.{band}"))}</span>'
        for band, look in BAND_LOOKS
        if band in bands
    ]
    if target:
        marks.append(f'<span><i class="tick"></i>{escape(target)}</span>')
    return f'<div class="ladder-key">{"".join(marks)}</div>'
