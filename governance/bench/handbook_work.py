"""The handbook's work in a process of its own: a street of a stated size searched, the book printed."""

from __future__ import annotations

from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd

from governance.metrics.handbook_index import SearchIndex, search_index
from governance.metrics.handbook_search import search

MICROGRIDS_N, ADDRESSES_N, TIMES, SEED = 294, 20_000, 20, 2023
_ROADS = (
    "人民支路",
    "学田湾正街",
    "中山四路",
    "上清寺路",
    "嘉陵桥西村",
    "美专校街",
    "牛角沱",
    "桂花园路",
    "春森路",
    "曾家岩",
)
_PLACES = ("小区", "大院", "市场", "小学", "公园", "广场", "宾馆", "菜场")
# One way to type for each tier of the search, and what fits everything or nothing.
QUERIES = (
    *("GR-030-2", "人民支路72号", "人民支路", "桂花园", "上清寺街道人民支路72号3栋501", "rmzl", "rmzl72"),
    *("人民之路", "学填湾正街", "嘉陵桥西存1988号", "号", "1", "火星大道", "x" * 60, "中山四路一百二十号"),
)


def made_index() -> tuple[SearchIndex, float]:
    """The index of 294 micro-grids and 20,000 addresses, and the seconds it took."""
    rng = np.random.default_rng(SEED)
    codes = [f"GR-{number // 5:03d}-{number % 5 + 1}" for number in range(MICROGRIDS_N)]
    cells = pd.DataFrame(
        {"microgrid_code": codes, "name": [f"第{number}微网格" for number in range(MICROGRIDS_N)]}
    )
    road = rng.choice(_ROADS, ADDRESSES_N)
    aliases = np.where(rng.random(ADDRESSES_N) < 0.1, rng.choice(_PLACES, ADDRESSES_N), "")
    addresses = pd.DataFrame(
        {
            "address": [f"{name}{number // len(_ROADS) + 1}号" for number, name in enumerate(road)],
            "aliases": [f"{place}{one}" if one else None for place, one in zip(road, aliases, strict=True)],
            "microgrid_code": rng.choice(codes, ADDRESSES_N),
            "lon": np.nan,
            "lat": np.nan,
        }
    )
    none = pd.DataFrame(columns=["name", "microgrid_code"])
    began = perf_counter()
    index = search_index(microgrids=cells, addresses=addresses, estates=none, key_units=none, points=none)
    return index, perf_counter() - began


def timed_searches() -> dict[str, object]:
    """Milliseconds of every kind of query: their medians, and which was slowest."""
    index, seconds = made_index()
    runs: dict[str, list[float]] = {query: [] for query in QUERIES}
    for _ in range(TIMES):
        for query, taken in runs.items():
            began = perf_counter()
            search(index, query)
            taken.append(1000 * (perf_counter() - began))
    medians = {query: median(taken) for query, taken in runs.items()}
    return {
        "medians_ms": list(medians.values()),
        "slowest_ms": max(medians.values()),
        "slowest": max(medians, key=lambda query: medians[query])[:20],
        "queries_n": len(QUERIES),
        "times": TIMES,
        "keys_n": len(index.keys),
        "index_s": seconds,
    }


def printed(data_dir: str, path: str) -> dict[str, object]:
    """Write the handbook of a store: seconds from the opened store to the file's bytes."""
    from governance.records.store import open_dataset
    from governance.report.handbook_paper import handbook_paper

    began = perf_counter()
    content = handbook_paper(open_dataset(Path(data_dir)))
    seconds = perf_counter() - began
    Path(path).write_bytes(content)
    return {"seconds": seconds, "bytes": len(content)}
