"""The benchmarks: what each measures, in which order, and how the figures are printed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from governance.bench import handbook, intake, pages, patrol, report, response, sample
from governance.bench.measuring import line_of, machine_lines
from governance.errors import UsageError
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from governance.bench.measuring import Measurement

# Each takes an empty folder and yields its figures as it gets them.
BENCHES: Mapping[str, tuple[Callable[[Path], Iterator[Measurement]], ...]] = {
    "intake": (intake.measurements, sample.measurements, pages.measurements),
    "response": (response.measurements,),
    "report": (report.measurements,),
    "patrol": (patrol.measurements,),
    "handbook": (handbook.measurements,),
    "patrol-large": (patrol.large,),
    "patrol-peers": (patrol.peers,),
}
# Run only by their name: minutes long, or in need of a network.
ASKED_FOR = frozenset({"patrol-large", "patrol-peers"})


def run_bench(name: str) -> None:
    """Run one benchmark, or `all`, and print machine, versions, medians and goals.

    Inputs are generated outside the timing, in a temporary folder that is deleted afterwards.

    Raises
    ------
    UsageError
        `unknown_bench` when there is none of that name.
    """
    if name != "all" and name not in BENCHES:
        raise UsageError("unknown_bench", name=name, names="、".join((*BENCHES, "all")))
    for text in machine_lines():
        click.echo(text)
    for chosen in (bench for bench in BENCHES if bench not in ASKED_FOR) if name == "all" else (name,):
        click.echo(t("bench.title", name=chosen))
        with tempfile.TemporaryDirectory(prefix="governance-bench-") as folder:
            for part in BENCHES[chosen]:
                for measurement in part(Path(folder)):
                    click.echo(line_of(measurement))
