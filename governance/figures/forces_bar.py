"""Three forces together or apart: one bar of the week, and before and after the reform in words."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from governance.metrics.integration import Integration


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.0f}%" if whole else "—"


def forces_bar_html(week: Integration, reform: tuple[Integration, Integration]) -> str:
    """Patrol minutes with three, two and one force together, in the week; beside it what staffing allows."""
    if not week.patrol_min:
        return f'<div class="empty">{escape(t("forces.none"))}</div>'
    parts = (
        ("three", week.three_min, LIGHT.data, LIGHT.card),
        ("two", week.two_min, LIGHT.previous, LIGHT.ink),
        ("one", week.one_min, LIGHT.interval, LIGHT.ink),
    )
    bars = ""
    for key, minutes, fill, ink in parts:
        share = minutes / week.patrol_min
        words = t(f"forces.{key}", share=_percent(minutes, week.patrol_min), hours=f"{minutes / 60:,.0f}")
        short = words if share > 0.16 else ""
        bars += (
            f'<div style="flex:{max(share, 0.004):.4f};background:{fill};color:{ink}"'
            f' title="{escape(words)}">{escape(short)}</div>'
        )
    before, after = reform
    staffed = week.staffed_share
    notes = [
        *([] if staffed is None else [t("forces.staffed", share=f"{100 * staffed:.0f}%")]),
        t(
            "forces.reform",
            before=_percent(before.three_min, before.patrol_min),
            after=_percent(after.three_min, after.patrol_min),
        ),
        t("forces.scenes", k=week.joint_within_10min_n, n=week.joint_scenes_n),
        t("forces.n", n=f"{week.patrol_min / 60:,.0f}"),
    ]
    return (
        f'<div class="forces"><b title="{escape(t("forces.definition"))}">{escape(t("forces.title"))}</b>'
        f'<div class="forces-bar">{bars}</div></div>'
        f'<div class="panel-sub">{escape("；".join(notes))}</div>'
    )
