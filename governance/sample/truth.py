"""What is planted in the sample, decided once and read by everything that plants it.

`truth.json` is written beside the raw files, so that tests can ask whether the product finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import shapely

from governance.workdays import SHANGHAI

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.sample.street import Street

FIRST_DAY: Final = date(2023, 3, 20)
LAST_DAY: Final = date(2023, 9, 17)
AS_OF: Final = datetime(2023, 9, 17, 23, 52, tzinfo=SHANGHAI)
REFORM_ON: Final = date(2023, 7, 1)
STORM_ON: Final = date(2023, 7, 21)
RAIN_ON: Final = date(2023, 6, 17)
HEAT_ON: Final = date(2023, 8, 13)
PAPER_BURNING_ON: Final = date(2023, 8, 30)
WEEKS_N: Final = 26
# Weeks counted from W12: one before the reform (W25), the storm's (W29) and the last (W37).
FINE_WEEKS: Final = (13, 17, 25)
REPEAT_PLACE: Final = "大阳沟市场口"
FALSE_SPEEDUP_CATEGORY: Final = "矛盾纠纷"

GHY, CSL, XDX, XTW, MZX, JXC, ZJY = range(7)
TEAM_IDS: Final = tuple(f"T-{number}" for number in range(1, 10))
MOBILE_TEAMS: Final = (7, 8)
ABSENT_TEAM: Final = CSL
DEVICES_OFF_TEAM: Final = XDX
STALE_COMMUNITY: Final = MZX
NIGHT_GAP_COMMUNITY: Final = JXC
IMPROVING_COMMUNITY: Final = GHY


def seconds(moment: datetime) -> int:
    """Seconds since FIRST_DAY 00:00 in Shanghai, the sample's own clock (no summer time since 1991)."""
    return int((moment - datetime(2023, 3, 20, tzinfo=SHANGHAI)).total_seconds())


def moment(second: float) -> datetime:
    """The stamp of the sample's own clock."""
    return datetime(2023, 3, 20, tzinfo=SHANGHAI) + timedelta(seconds=second)


def seconds_of_day(day: date) -> int:
    """The sample's own clock at the day's midnight."""
    return (day - FIRST_DAY).days * 86_400


AS_OF_S: Final = seconds(AS_OF)
REFORM_S: Final = seconds(datetime(2023, 7, 1, tzinfo=SHANGHAI))
NIGHT_GAP_HOURS: Final = (2, 3, 4)
NIGHT_GAP_FROM_S: Final = seconds(datetime(2023, 8, 7, tzinfo=SHANGHAI))
DEVICES_OFF_S: Final = (
    seconds(datetime(2023, 9, 16, 6, tzinfo=SHANGHAI)),
    seconds(datetime(2023, 9, 16, 22, tzinfo=SHANGHAI)),
)
LAST_VISIT_S: Final = seconds(datetime(2023, 9, 8, 22, 40, tzinfo=SHANGHAI))
LAST_VISIT_ENDS_S: Final = LAST_VISIT_S + 14 * 60
ABSENT_FROM_S: Final = seconds(datetime(2023, 7, 24, tzinfo=SHANGHAI))


def in_night_gap(second: NDArray[np.float64], *, margin_s: float = 1_800) -> NDArray[np.bool_]:
    """Whether a moment lies in the hours in which one community's patrol is not there."""
    in_day = np.asarray(second, dtype=float) % 86_400
    first, last = NIGHT_GAP_HOURS[0] * 3_600, (NIGHT_GAP_HOURS[-1] + 1) * 3_600
    return (second >= NIGHT_GAP_FROM_S) & (in_day >= first - margin_s) & (in_day < last)


@dataclass(frozen=True)
class Truth:
    """The planted facts that depend on the seed's street."""

    unvisited: int
    improving_estate_id: str

    def as_json(self, street: Street) -> dict[str, object]:
        """The content of truth.json: dates and stamps in ISO 8601, hours of the day as 0–23."""
        off_from, off_to = (moment(second).isoformat() for second in DEVICES_OFF_S)
        return {
            "reform_on": REFORM_ON.isoformat(),
            "storm_on": STORM_ON.isoformat(),
            "night_gap": {
                "community_code": street.anchors[NIGHT_GAP_COMMUNITY].code,
                "hours": list(NIGHT_GAP_HOURS),
            },
            "unvisited": {
                "microgrid_code": street.microgrid_codes[self.unvisited],
                "days": (AS_OF_S - LAST_VISIT_ENDS_S) // 86_400,
            },
            "devices_off": {"team_id": TEAM_IDS[DEVICES_OFF_TEAM], "from": off_from, "to": off_to},
            "false_speedup_category": FALSE_SPEEDUP_CATEGORY,
            "repeat_place": REPEAT_PLACE,
            "absent_team_id": TEAM_IDS[ABSENT_TEAM],
            "stale_handbook_community": street.anchors[STALE_COMMUNITY].code,
            "improving_estate_id": self.improving_estate_id,
        }


def unvisited_microgrid(street: Street) -> int:
    """The micro-grid nobody visits for nine days: remote, at the street's edge, few neighbours."""
    cells = np.flatnonzero(street.is_remote & (street.community_of_microgrid == ZJY))
    if not len(cells):
        cells = street.cells_of(ZJY)
    touching = street.polygons_m[cells]
    neighbours = [int(shapely.intersects(cell, street.polygons_m).sum()) for cell in touching]
    east = street.centre_m[cells, 0]
    return int(cells[np.lexsort((-east, neighbours))[0]])
