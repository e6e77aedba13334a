"""Where everybody was, minute by minute: the first kept ping of each minute of a track."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from governance.records.patrol.legs import TRACK_OF
from governance.records.patrol.rules import MINUTE_US
from governance.records.patrol.stretches import places_in_order, stamps

if TYPE_CHECKING:
    import pandas as pd

    from governance.geo import Plane
    from governance.records.engine import Engine
    from governance.records.patrol.legs import Legs
    from governance.records.patrol.rules import Span


def positions_of(db: Engine, legs: Legs, plane: Plane, span: Span) -> pd.DataFrame:
    """The positions of a span of days by time and track: `at_us` and the columns of the frame `positions`."""
    steps = legs.steps.filter(legs.steps.at.between(span.since_us, span.until_us - 1))
    firsts = steps.group_by(track=steps.track, minute=steps.at // MINUTE_US).agg(
        at_us=steps.at.min(), x=steps.x.argmin(steps.at), y=steps.y.argmin(steps.at)
    )
    found = db.plain(firsts)
    at_us, track = (found[name].to_numpy(dtype=np.int64) for name in ("at_us", "track"))
    found = found.take(places_in_order(at_us, track))
    whose = legs.tracks[list(TRACK_OF)].take(found["track"].to_numpy()).reset_index(drop=True)
    return whose.assign(
        at_us=found["at_us"].to_numpy(),
        at=stamps(found["at_us"]).array,
        lon=np.round(plane.lon(found["x"].to_numpy(dtype=np.float64)), 6),
        lat=np.round(plane.lat(found["y"].to_numpy(dtype=np.float64)), 6),
    )
