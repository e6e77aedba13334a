"""Colours, type and the plotly template: the design tokens as constants.

`LIGHT` is the desk, `DARK` the meeting screen. Contrast of every colour was measured against
page and card (WCAG 2); teal and orange are marks on white only and never carry text.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

FONT_FAMILY = '"Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif'


@dataclass(frozen=True)
class Palette:
    """The colours of one ground."""

    page: str
    card: str
    band: str
    hairline: str
    rule: str
    ink: str
    ink_2: str
    ink_3: str
    brand: str
    data: str
    previous: str
    interval: str
    teal: str
    orange: str
    plum: str
    police: str
    urban: str
    mass: str
    water: str
    no_data: str


LIGHT = Palette(
    page="#F7F4EE",
    card="#FFFFFF",
    band="#EFEAE0",
    hairline="#E6E0D4",
    rule="#CFC6B6",
    ink="#23201C",
    ink_2="#57514A",
    ink_3="#6E675D",
    brand="#9E1B22",
    data="#12436D",
    previous="#7592AF",
    interval="#DCE5EE",
    teal="#28A197",
    orange="#F46A25",
    plum="#801650",
    police="#4A9BD1",
    urban="#1F4E96",
    mass="#1B1B1B",
    water="#E3EAEA",
    no_data="#837C70",
)
DARK = Palette(
    page="#171513",
    card="#211E1A",
    band="#2B2722",
    hairline="#2B2722",
    rule="#57514A",
    ink="#F5F1E9",
    ink_2="#CFC8BC",
    ink_3="#A9A195",
    brand="#D2474E",
    data="#8FBBE3",
    previous="#5F7F9F",
    interval="#33414E",
    teal="#45C2B6",
    orange="#FF9152",
    plum="#D27DAA",
    police="#4A9BD1",
    urban="#7FA3D8",
    mass="#F5F1E9",
    water="#1E2626",
    no_data="#A9A195",
)

# Multiples of a limit, lightest to darkest: darker means longer, also in grey print.
MULTIPLE_STEPS = ("#E6EDF3", "#C9D7E4", "#A0B8CE", "#F46A25", "#801650")
# A measure without a limit, in the same blues.
SEQUENCE_STEPS = ("#E6EDF3", "#C9D7E4", "#A0B8CE", "#5F86AB", "#12436D")


def css_variables(palette: Palette = LIGHT) -> str:
    """The palette as CSS custom properties: `--ink-2: #57514A; …`, and the font."""
    colours = "".join(f"--{name.replace('_', '-')}:{colour};" for name, colour in asdict(palette).items())
    return f":root{{{colours}--font:{FONT_FAMILY};}}"


def plotly_template(palette: Palette = LIGHT) -> go.layout.Template:
    """The plotly template of every chart: fonts, ground, hairline grid, direct labels."""
    import plotly.graph_objects as go

    axis = {
        "gridcolor": palette.hairline,
        "linecolor": palette.rule,
        "zeroline": False,
        "ticks": "",
        "tickfont": {"size": 13, "color": palette.ink_3},
        "title": {"font": {"size": 13, "color": palette.ink_3}},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT_FAMILY, "size": 14, "color": palette.ink},
            "paper_bgcolor": palette.card,
            "plot_bgcolor": palette.card,
            "colorway": [palette.data, palette.previous, palette.plum, palette.orange, palette.teal],
            "xaxis": axis | {"showgrid": False},
            "yaxis": axis,
            "showlegend": False,
            "hoverlabel": {"font": {"family": FONT_FAMILY, "size": 14}},
            "margin": {"l": 48, "r": 16, "t": 16, "b": 40},
        }
    )
