"""All reference tables of one seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from governance.sample import people, places, standards, truth
from governance.sample.street import Street, build_street

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Reference:
    """The street, its reference tables by kind, and the truth that depends on them."""

    street: Street
    tables: dict[str, pd.DataFrame]
    truth: truth.Truth


def build_reference(rng: np.random.Generator) -> Reference:
    """All reference kinds, canonical columns."""
    street = build_street(rng)
    unvisited = truth.unvisited_microgrid(street)
    estates, improving = places.estate_table(rng, street)
    tables = places.area_tables(rng, street)
    tables |= {
        "addresses": places.address_table(rng, street, estates),
        "estates": estates,
        "members": people.member_table(rng, street),
        "key_units": places.key_unit_table(rng, street),
        "routes": places.route_table(street),
        "points": places.point_table(rng, street, avoid=unvisited),
        "teams": people.team_table(street),
        "rules": standards.rule_table(),
        "targets": standards.target_table(),
        "care_register": people.care_table(rng, street),
    }
    return Reference(street, tables, truth.Truth(unvisited, improving))
