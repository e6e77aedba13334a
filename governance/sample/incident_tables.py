"""Cases as the systems hold them: the wide table as it stood at any moment, and the flow log."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from governance.sample import truth
from governance.sample.geometry import STREET_PLANE
from governance.sample.stages import STAGES
from governance.sample.stamps import iso_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from governance.sample.cases import Doors
    from governance.sample.reference import Reference
    from governance.sample.street import FloatArray

STAGE_COLUMNS = tuple(f"{stage}_s" for stage in STAGES)
_DISORDER_SHARE = 0.008
_MISSING_SHARE = 0.012
_HEAPED_SHARE = 0.02
_ACTIONS = {
    "市容环境": "清理", "街面秩序": "劝导", "宣传广告": "清除", "施工管理": "责令整改", "突发事件": "抢险",
    "公用设施": "维修", "安全隐患": "整改", "矛盾纠纷": "调解", "民生服务": "协调办理",
}  # fmt: skip
_CENTRE = "街道指挥中心"
_ENDS = {"voided": "void", "transferred": "transfer"}
_DEFAULT_POINT = (106.543012, 29.562186)


def _ids(cases: pd.DataFrame) -> NDArray[np.object_]:
    """17 digits of the street's platform, leading zeros of the members' app, the hotline's own."""
    day = iso_text(cases["reported_s"].to_numpy())
    number = np.arange(len(cases))
    return np.array(
        [
            f"CQ{at[2:4]}{at[5:7]}{at[8:10]}{n:05d}" if source == "hotline"
            else f"00{20_000 + n:06d}" if source == "member"
            else f"{at[:4]}{at[5:7]}{at[8:10]}{100_000 + n * 37:09d}"
            for at, source, n in zip(day, cases["source"], number, strict=True)
        ],
        dtype=object,
    )  # fmt: skip


def incident_table(
    rng: np.random.Generator, cases: pd.DataFrame, reference: Reference, doors: Doors
) -> pd.DataFrame:
    """One row a case with canonical columns; stamps as `{stage}_s` seconds as they were recorded.

    Holds the flaws of the records themselves: stages out of order or missing, round minutes,
    points at (0, 0), at the office or missing.
    """
    street, count = reference.street, len(cases)
    door = cases["door"].to_numpy()
    lon = np.round(STREET_PLANE.lon(cases["x"].to_numpy()), 6)
    lat = np.round(STREET_PLANE.lat(cases["y"].to_numpy()), 6)
    micro = street.microgrid_at(lon, lat)
    by_patrol = cases["force"].notna() & cases["is_attended"]
    handler = np.where(
        by_patrol, "综合巡逻队员", np.where(cases["by_member"], [f"微网格员{at + 1:03d}" for at in micro], "")
    )
    kept = (
        "category", "subcategory", "severity", "source", "plant", "is_absent", *STAGE_COLUMNS, "due_s", "end",
        "ended_s", "suspended_s", "resumed_s", "rework_n", "level_closed", "satisfaction",
    )  # fmt: skip
    table = cases[list(kept)].assign(
        incident_id=_ids(cases),
        address=doors.address[door],
        lon=lon,
        lat=lat,
        community_code=[street.anchors[c].name for c in street.community_of_microgrid[micro]],
        grid_code=[street.grid_codes[street.partition.grid_of[at]] for at in micro],
        microgrid_code=np.where(rng.random(count) < 0.6, np.array(street.microgrid_codes)[micro], ""),
        estate_id=doors.estate[door],
        team_id=np.where(by_patrol, np.array(truth.TEAM_IDS)[cases["team"]], ""),
        handler=handler,
        action=cases["category"].map(_ACTIONS),
        basis=np.where(by_patrol, rng.choice(["法定", "赋权", "委托"], count, p=[0.4, 0.35, 0.25]), ""),
    )  # fmt: skip
    table["description"] = _descriptions(rng, table)
    table.loc[rng.random(count) < 0.05, "due_s"] = np.nan
    # Where the table leaves the level empty, only the log tells it.
    table["level"] = table["level_closed"]
    table.loc[rng.random(count) < 0.15, "level_closed"] = ""
    return _misplaced(rng, _misstamped(rng, table))


def _descriptions(rng: np.random.Generator, table: pd.DataFrame) -> list[str]:
    """Free text; in some a phone or a door number that must be masked."""
    count = len(table)
    drawn, phone = rng.random(count), rng.integers(0, 10**8, count)
    ends = ("，请尽快处理", "，已多次出现", "，影响通行", "")
    texts = []
    for address, what, share, number in zip(
        table["address"], table["subcategory"], drawn, phone, strict=True
    ):
        text = f"{address}{what}{ends[int(share * 4)]}"
        if share > 0.93:
            text += f"，联系电话100{number:08d}"
        elif share < 0.06:
            text += f"，住{1 + number % 9}栋{number % 30 + 1}-{number % 8 + 1}"
        texts.append(text)
    return texts


def _misstamped(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    """Records of a few cases with stamps swapped, missing or rounded to five minutes."""
    stamps = np.floor(table[list(STAGE_COLUMNS)].to_numpy(copy=True))
    plain = table["plant"].eq("").to_numpy() & ~table["is_absent"].to_numpy()
    swapped = plain & (rng.random(len(table)) < _DISORDER_SHARE)
    first, second = STAGES.index("resolved"), STAGES.index("verified")
    stamps[np.ix_(swapped, [first, second])] = stamps[np.ix_(swapped, [second, first])]
    for stage in ("accepted", "filed", "arrived", "verified"):
        missing = plain & (rng.random(len(table)) < _MISSING_SHARE)
        stamps[missing, STAGES.index(stage)] = np.nan
    heaped = plain & (rng.random(len(table)) < _HEAPED_SHARE)
    stamps[heaped] = stamps[heaped] // 300 * 300
    return table.assign(**dict(zip(STAGE_COLUMNS, stamps.T, strict=True)))


def _misplaced(rng: np.random.Generator, table: pd.DataFrame) -> pd.DataFrame:
    """Points nobody measured: the office for many addresses, (0, 0), or none and no address."""
    drawn = rng.random(len(table))
    plain = (table["plant"].eq("") & ~table["is_absent"] & table["source"].ne("patrol")).to_numpy()
    for rows, (lon, lat) in (
        (plain & (drawn < 0.012), _DEFAULT_POINT),
        (plain & (drawn > 0.994), (0.0, 0.0)),
        (nowhere := plain & (drawn > 0.35) & (drawn < 0.39), (np.nan, np.nan)),
    ):
        table.loc[rows, ["lon", "lat"]] = (lon, lat)
    table.loc[nowhere, ["address", "grid_code", "microgrid_code", "estate_id"]] = ""
    return table


def as_of(table: pd.DataFrame, moment_s: float) -> pd.DataFrame:
    """The cases known at a moment with what had happened by then: adds `status` and `updated_s`."""
    known = table[table["reported_s"].fillna(-1) <= moment_s].copy()
    ended = known["ended_s"].to_numpy()
    other_end = known["end"].ne("closed").to_numpy()
    stamps = known[list(STAGE_COLUMNS)].to_numpy(copy=True)
    stamps[(stamps > moment_s) | (other_end[:, None] & (stamps > ended[:, None]))] = np.nan
    known[list(STAGE_COLUMNS)] = stamps
    closed = known["closed_s"].notna().to_numpy()
    suspended = (known["suspended_s"] <= moment_s) & (known["resumed_s"] > moment_s)
    status = np.where(closed, "closed", np.where(suspended, "suspended", "open"))
    known["status"] = np.where(other_end & (ended <= moment_s), known["end"], status)
    is_over = known["status"].isin(["closed", "voided", "transferred"])
    known["level_closed"] = known["level_closed"].where(closed, "")
    known["satisfaction"] = known["satisfaction"].where(known["rated_s"].notna())
    known["rework_n"] = known["rework_n"].where(is_over, 0)
    seen = np.where(other_end & (ended <= moment_s), ended, -np.inf)
    latest = np.fmax(np.nanmax(stamps, axis=1), seen)
    # The platform refreshes what is still open before every export.
    known["updated_s"] = np.where(is_over, np.minimum(latest + 90, moment_s - 60), moment_s - 60)
    return known


def changed_between(known: pd.DataFrame, since_s: float) -> NDArray[np.bool_]:
    """Rows of a weekly export: anything new since the last one, and everything still open."""
    stamps = known[list(STAGE_COLUMNS)].to_numpy()
    fresh = (stamps > since_s).any(axis=1) | (
        known["ended_s"].between(since_s, known["updated_s"] + 1)
    ).to_numpy()
    return np.asarray(fresh | known["status"].isin(["open", "suspended"]).to_numpy())


def step_table(rng: np.random.Generator, table: pd.DataFrame, reference: Reference) -> pd.DataFrame:
    """The flow log up to the as-of: incident_id, step, at_s, unit, action."""
    known = as_of(table, truth.AS_OF_S)
    team_names = reference.tables["teams"].set_index("team_id")["name"]
    doer = known["team_id"].map(team_names).fillna(known["community_code"])
    steps = ("report", "accept", "file", "dispatch", "arrive", "resolve", "verify", "close", "rate")
    parts = []

    def add(step: str, at: pd.Series[float] | FloatArray, unit: object, action: str) -> None:
        frame = pd.DataFrame({"incident_id": known["incident_id"], "step": step, "at_s": at, "unit": unit})
        parts.append(frame.assign(action=action)[frame["at_s"].notna()])

    units = {"arrive": doer, "resolve": doer, "verify": known["community_code"]}
    for step, column in zip(steps, STAGE_COLUMNS, strict=True):
        add(step, known[column], units.get(step, _CENTRE), "")
    over = truth.AS_OF_S
    add("suspend", known["suspended_s"].where(known["suspended_s"] <= over), _CENTRE, "等待协调")
    add(
        "resume",
        known["resumed_s"].where((known["suspended_s"] <= over) & (known["resumed_s"] <= over)),
        _CENTRE,
        "",
    )
    redone = known["resolved_s"].where((known["rework_n"] > 0) & known["closed_s"].notna())
    add("rework", redone - 0.25 * (redone - known["reported_s"]), known["community_code"], "核查不合格，退回")
    for status, step in _ENDS.items():
        add(step, known["ended_s"].where(known["status"] == status), _CENTRE, "")
    for level, unit in (("street", "上清寺街道"), ("above", "区级部门")):
        raised = known["resolved_s"].where(known["level"].eq(level) & known["closed_s"].notna())
        add("escalate", raised - 0.4 * (raised - known["reported_s"]), unit, "")
    handed = known["dispatched_s"].where(rng.random(len(known)) < 0.11)
    add("dispatch", handed + 240, known["community_code"], "改派")
    log = pd.concat(parts, ignore_index=True)
    log["at_s"] = np.floor(log["at_s"])
    return log.sort_values(["at_s", "incident_id"], kind="stable", ignore_index=True)
