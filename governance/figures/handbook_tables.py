"""The handbook as tables: who solves what, what stands in a micro-grid, its health, what to mend."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

import pandas as pd

from governance.figures.theme import LIGHT
from governance.metrics.handbook import PARTS
from governance.metrics.handbook_entry import ROLES
from governance.schema import schema
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from governance.metrics.handbook_entry import Entry, Person
    from governance.metrics.handbook_visits import Walk

# Of those who answer for a whole grid or community so many are named.
NAMED_FROM_AFAR_N = 2
# Roles an entry names even where nobody holds them.
_EXPECTED = ("building_head", "cadre", "police", "doctor", "lawyer", "property")
_LATE_MARK = (
    f'<svg width="11" height="10" aria-hidden="true"><path d="M5.5,0L11,10H0Z" fill="{LIGHT.orange}"/></svg> '
)


def plain_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, css: str = "", right: Sequence[int] = ()
) -> str:
    """A plain table of finished cells; `right` are columns of numbers.

    The last cell of a row that is shorter than the heads spans the columns that are left.
    """

    def cells(tag: str, row: Sequence[str]) -> str:
        spans = {len(row) - 1: len(heads) - len(row) + 1} if len(row) < len(heads) else {}
        return "".join(
            f"<{tag}{' class=num' if place in right else ''}"
            f"{f' colspan={spans[place]}' if place in spans else ''}>{cell}</{tag}>"
            for place, cell in enumerate(row)
        )

    head = f"<thead><tr>{cells('th', [escape(text) for text in heads])}</tr></thead>" if heads else ""
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<table class="plain {css}">{head}<tbody>{body}</tbody></table>'


def day_words(stamp: pd.Timestamp | None) -> str:
    """9月17日; a dash where it is not recorded."""
    return (
        "—" if stamp is None or pd.isna(stamp) else t("grid_handbook.day", month=stamp.month, day=stamp.day)
    )


# ------------------------------------------------------------------------------------- people
def people_by_role(people: Sequence[Person]) -> Iterator[tuple[str, list[Person], int]]:
    """Roles in the order of whom to ask, those named of each, and how many more there are."""
    held = {role: list(group) for role, group in groupby(people, key=lambda one: one.role_code)}
    for role in ROLES:
        found = held.get(role, [])
        if not found and role not in _EXPECTED:
            continue
        is_near = bool(found) and found[0].scope == "microgrid"
        named = found if is_near else found[:NAMED_FROM_AFAR_N]
        yield role, named, len(found) - len(named)


def scope_words(person: Person) -> str:
    """How near somebody is: of the micro-grid itself, of its grid, of its community."""
    return t(f"grid_handbook.scopes.{person.scope}", code=person.microgrid_code)


def verified_words(person: Person) -> str:
    """When the entry was last verified, and that it is too long ago."""
    if person.verified_on is None:
        return t("grid_handbook.never_verified")
    words = day_words(person.verified_on)
    return t("grid_handbook.verified_long_ago", day=words) if person.is_stale else words


def name_words(person: Person) -> str:
    """The masked name, its stars no more than two: how long a name is says nothing."""
    return f"{person.name[:1]}{person.name[1:3]}"


def phone_words(person: Person) -> str:
    """The masked number, or that there is none."""
    return person.phone or t("grid_handbook.no_phone")


def nobody_words(entry: Entry, role: str) -> str:
    """What to say where nobody holds a role."""
    if role != "property":
        return t(f"grid_handbook.nobody.{role}")
    if not entry.estates:
        return t("grid_handbook.nobody.property")
    managed = any(one.is_managed for one in entry.estates)
    key = "property_managed" if managed else "property_unmanaged"
    return t(f"grid_handbook.nobody.{key}", names="、".join(one.name for one in entry.estates))


def people_html(entry: Entry) -> str:
    """Who solves what: the matter, whom to ask, their number, when that was verified."""
    rows: list[tuple[str, ...]] = []
    for role, named, more_n in people_by_role(entry.people):
        matter = escape(t(f"grid_handbook.matters.{role}"))
        if not named:
            rows.append((matter, f"<i>{escape(nobody_words(entry, role))}</i>"))
        for place, one in enumerate(named):
            label = escape(one.role or t(f"grid_handbook.roles.{role}"))
            scope = escape(scope_words(one))
            if more_n and place == len(named) - 1:
                scope += escape(t("grid_handbook.more_people", n=more_n))
            mark = _LATE_MARK if one.is_stale else ""
            rows.append(
                (
                    "" if place else matter,
                    f"<b>{label}　{escape(name_words(one))}</b> <i>{scope}</i>",
                    escape(phone_words(one)),
                    f"{mark}{escape(verified_words(one))}",
                )
            )
    heads = [t(f"grid_handbook.heads.{name}") for name in ("matter", "who", "phone", "verified")]
    return plain_table(heads, rows, css="handbook-people")


# -------------------------------------------------------------------------------------- places
def facts_html(entry: Entry) -> str:
    """Key units, estates and routes of a micro-grid, a line each."""
    rows = [
        (
            t("grid_handbook.kinds.unit"),
            unit.name,
            "　".join(part for part in (unit.kind, unit.contact) if part),
        )
        for unit in entry.units
    ]
    managed = {True: "managed", False: "unmanaged", None: "unknown"}
    rows += [
        (t("grid_handbook.kinds.estate"), one.name, t(f"grid_handbook.estate.{managed[one.is_managed]}"))
        for one in entry.estates
    ]
    rows += [
        (t("grid_handbook.kinds.route"), one.name, schema().label_of("zone_kind", one.zone_kind))
        for one in entry.routes
    ]
    if not rows:
        return f'<div class="empty">{escape(t("grid_handbook.no_facts"))}</div>'
    cells = [(f"<i>{escape(kind)}</i>", escape(name), f"<i>{escape(more)}</i>") for kind, name, more in rows]
    return plain_table((), cells, css="handbook-facts")


def walks_html(walks: Sequence[Walk], teams: Mapping[str, str]) -> str:
    """The last times a patrol was there."""
    rows = []
    for walk in walks:
        forces = "、".join(schema().label_of("force", force) for force in walk.forces)
        when = t(
            "grid_handbook.moment",
            month=walk.exit_at.month,
            day=walk.exit_at.day,
            clock=f"{walk.enter_at:%H:%M}",
        )
        sure = t(f"grid_handbook.sureness.{walk.sureness}")
        rows.append(
            (
                escape(when),
                escape(teams.get(walk.team_id, walk.team_id)),
                f"<i>{escape(forces)}</i>",
                f"<i>{escape(sure)}</i>",
            )
        )
    return plain_table((), rows, css="handbook-facts")


# -------------------------------------------------------------------------------------- health
def _share(k: int, n: int) -> str:
    width = 100 * k / n if n else 0
    return f'{k} / {n}<span class="meter"><i style="width:{width:.0f}%"></i></span>'


def health_html(counts: pd.DataFrame, names: Mapping[str, str]) -> str:
    """The health of each community in the order of codes, and of the street."""
    columns = ["microgrids_n", "complete_n", "fresh_n", "single_member_n", "stale_phone_n"]
    whole = counts[columns].sum()
    rows = [
        _health_cells(names.get(str(row["group"]), t("grid_handbook.no_community")), row)
        for row in counts.to_dict("records")
    ]
    rows.append(
        [
            f"<b>{cell}</b>" if place in (0,) else cell
            for place, cell in enumerate(_health_cells(t("grid_map.whole_street"), whole.to_dict()))
        ]
    )
    heads = [
        t(f"grid_handbook.heads.{name}")
        for name in ("community", "complete", "fresh", "single", "stale_phone")
    ]
    return plain_table(heads, rows, css="handbook-health", right=(1, 2, 3, 4))


def _health_cells(name: str, row: Mapping[object, object]) -> list[str]:
    n = int(str(row["microgrids_n"]))
    return [
        escape(name),
        _share(int(str(row["complete_n"])), n),
        _share(int(str(row["fresh_n"])), n),
        f"{int(str(row['single_member_n']))}",
        f"{int(str(row['stale_phone_n']))}",
    ]


def lacking_words(row: Mapping[str, object]) -> str:
    """The parts an entry lacks, by name."""
    return "、".join(t(f"grid_handbook.parts.{part}") for part in PARTS if not row[f"has_{part}"])


def problems_n(health: pd.DataFrame) -> pd.Series:
    """How much there is to mend at each micro-grid: parts that lack, stale and missing phones."""
    lacking = len(PARTS) - health[[f"has_{part}" for part in PARTS]].astype("int64").sum(axis=1)
    return lacking + health["stale_phone_n"] + health["no_phone_n"]


def to_mend(health: pd.DataFrame) -> pd.DataFrame:
    """The micro-grids with something to mend, most first; a single member alone is no fault of the book."""
    n = problems_n(health)
    rows = health.assign(problems_n=n)[n.gt(0)]
    return rows.sort_values(["problems_n", "microgrid_code"], ascending=[False, True], ignore_index=True)


def mend_html(rows: pd.DataFrame, names: Mapping[str, str], *, rows_n: int) -> str:
    """The first rows of the list to mend, with the community that has to do it."""
    cells = []
    for row in rows.head(rows_n).to_dict("records"):
        stale = t("grid_handbook.stale_n", n=row["stale_phone_n"]) if row["stale_phone_n"] else ""
        bare = t("grid_handbook.no_phone_n", n=row["no_phone_n"]) if row["no_phone_n"] else ""
        lacking = lacking_words({str(key): value for key, value in row.items()})
        cells.append(
            (
                f"{escape(str(row['name']))} <i>{escape(str(row['microgrid_code']))}</i>",
                escape(t("grid_handbook.lacks", parts=lacking)) if lacking else "",
                escape("，".join(part for part in (stale, bare) if part)),
                str(row["members_n"]),
                escape(day_words(row["oldest_verified_on"])),
                escape(names.get(str(row["community_code"]), t("grid_handbook.no_community"))),
            )
        )
    heads = [
        t(f"grid_handbook.heads.{name}")
        for name in ("microgrid", "lacking", "phones", "members", "oldest", "owner")
    ]
    return plain_table(heads, cells, css="handbook-mend", right=(3,))
