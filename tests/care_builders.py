"""Frames of the care register, visits and warnings for the tests, built by hand."""

from __future__ import annotations

import pandas as pd

from governance.records.dataset import empty_frame
from governance.workdays import SHANGHAI


def stamp(text):
    """A moment in Shanghai."""
    return pd.Timestamp(text, tz=SHANGHAI)


def framed(kind, rows):
    """Rows as a frame of a kind, with its types."""
    empty = empty_frame(kind)
    frame = pd.DataFrame(rows).reindex(columns=empty.columns)
    return frame.assign(row=0).astype({name: type_ for name, type_ in empty.dtypes.items() if name != "row"})


def person(ref, risk="high", since="2023-03-20", **more):
    """One row of the register, active unless told otherwise."""
    entered = stamp(since) if since else pd.NaT
    return {
        "person_ref": ref,
        "risk": risk,
        "risk_from": entered,
        "status": "active",
        "cohort": "高龄独居",
    } | more


def register(*rows):
    """The care register."""
    return framed("care_register", list(rows))


def visits(*pairs):
    """Visits: person and moment, and more where a third stands."""
    rows = [{"person_ref": pair[0], "visited_at": stamp(pair[1])} for pair in pairs]
    return framed("visits", rows)


def warnings(*pairs):
    """Warnings: kind and moment."""
    rows = [
        {"warning_id": f"W{number}", "kind": kind, "level": "橙色", "issued_at": stamp(at)}
        for number, (kind, at) in enumerate(pairs, 1)
    ]
    return framed("warnings", rows)
