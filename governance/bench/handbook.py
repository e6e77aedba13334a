"""How fast the handbook answers and prints: 294 micro-grids, 20,000 addresses."""

from __future__ import annotations

import re
import shutil
import subprocess
from time import perf_counter
from typing import TYPE_CHECKING

from governance.bench.measuring import Measurement, child_run, repeated
from governance.bench.sample import sample_dir
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUNS = 3
MAX_SEARCH_MS, MAX_WORD_S, PAGES_N = 30, 20, 294
PAPER = "handbook.docx"
OFFICE_WAIT_S = 600


def measurements(folder: Path) -> Iterator[Measurement]:
    """A search of each kind, the index, the Word handbook and its pages."""
    found = child_run("handbook_search").values
    note = t("bench.handbook_asked", n=found["queries_n"], times=found["times"], keys=found["keys_n"])
    yield Measurement("handbook_search", tuple(found["medians_ms"]), "ms", MAX_SEARCH_MS, note=note)
    slowest = (found["slowest_ms"],)
    yield Measurement("handbook_slowest", slowest, "ms", MAX_SEARCH_MS, note=found["slowest"])
    yield Measurement("handbook_index", (found["index_s"],), "s")
    data_dir = sample_dir(folder)
    if not data_dir.is_dir():
        child_run("sample", data_dir)
    runs = repeated(lambda _: child_run("handbook_word", data_dir, folder / PAPER), RUNS)
    size = t("bench.handbook_size", kilobytes=runs[-1].values["bytes"] / 1000)
    seconds = tuple(run.values["seconds"] for run in runs)
    yield Measurement("handbook_word", seconds, "s", MAX_WORD_S, note=size)
    yield _pages(folder)


def _pages(folder: Path) -> Measurement:
    """How many pages an office program lays the handbook out on."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        return Measurement("handbook_pages", (), "pages", note=t("bench.no_office"))
    began = perf_counter()
    subprocess.run(
        [
            program,
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            *("--headless", "--convert-to", "pdf", "--outdir", str(folder), str(folder / PAPER)),
        ],
        check=True,
        capture_output=True,
        timeout=OFFICE_WAIT_S,
    )
    pdf = (folder / PAPER).with_suffix(".pdf").read_bytes()
    pages_n = len(re.findall(rb"/Type\s*/Page\b", pdf))
    note = t("bench.handbook_converted", seconds=perf_counter() - began)
    return Measurement("handbook_pages", (pages_n,), "pages", PAGES_N, note=note)
