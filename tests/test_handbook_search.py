"""The handbook's search: initials, folding, tiers, slips, and a second computation of what fits."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.metrics.handbook_index import code_keys, folded_key, search_index
from governance.metrics.handbook_search import MOST_SHOWN, search
from governance.metrics.pinyin import initial_of, initials

NONE = pd.DataFrame(columns=["name", "microgrid_code"])
DOORS = [
    ("学田湾正街48号", "人和大院、老院", "XTW-01-01"),
    ("学田湾正街4号", None, "XTW-01-02"),
    ("学田湾正街480号", None, "XTW-01-03"),
    ("人民支路72-94号", None, "ZJY-01-01"),
    ("人民支路7号", None, "ZJY-01-02"),
    ("人民路7号", None, "MZX-01-01"),
    ("中山四路10号", None, "MZX-01-01"),
    ("中山四路10号", None, "MZX-01-02"),
    ("曾家岩轨道站", None, "ZJY-01-01"),
]


def index_of(doors, units=(("人民小学", "JXC-01-01"),)):
    addresses = pd.DataFrame(doors, columns=["address", "aliases", "microgrid_code"])
    codes = sorted({*addresses["microgrid_code"].dropna(), *(code for _, code in units)})
    return search_index(
        microgrids=pd.DataFrame({"microgrid_code": codes, "name": [f"{code}院" for code in codes]}),
        addresses=addresses.assign(lon=float("nan"), lat=float("nan")),
        estates=NONE,
        key_units=pd.DataFrame(units, columns=["name", "microgrid_code"]),
        points=NONE,
    )


INDEX = index_of(DOORS)


# ----------------------------------------------------------------------------------- initials
@pytest.mark.parametrize(
    ("text", "letters"),
    [("人民支路", "rmzl"), ("学田塆正街48号", "xtwzj48h"), ("牛角沱立交", "njtlj"), ("嘉陵西村", "jlxc"),
     ("鑫隆达大厦", "xldds"), ("馨园", "xy"), ("啊波次得额福嘎哈击喀拉妈那哦怕期日撒他挖西压匝",
                                      "abcdefghjklmnopqrstwxyz")],
)  # fmt: skip
def test_initials_of_names(text, letters):
    assert letters in initials(text)


def test_a_character_read_in_two_ways_has_both():
    assert initials("曾家岩") == ("cjy", "zjy")
    assert len(initials("曾重行长乐厦曾重")) <= 8


def test_what_has_no_initial_is_left_out():
    assert initial_of("龘") == initial_of("，") == ""
    assert initials("（甲）１２号") == ("j12h",)


# ------------------------------------------------------------------------------------ folding
@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("学田湾正街４８号", "学田湾正街48号"),
        ("中山四路", "中山4路"),
        ("四十八号", "48号"),
        ("一百二十号", "120号"),
        ("二〇三", "203"),
        ("十字路口", "十字路口"),
        ("百货大楼", "百货大楼"),
        ("72—94 号", "72-94号"),
        (" ＡＢc ", "abc"),
    ],
)
def test_words_are_folded(typed, key):
    assert folded_key(typed) == key


def test_a_code_may_be_typed_without_dashes_or_zeros():
    assert code_keys("ＸＴＷ-01-03") == ("xtw0103", "xtw-1-3")


# -------------------------------------------------------------------------------------- tiers
@pytest.mark.parametrize(
    ("query", "code", "tier"),
    [
        ("XTW-01-03", "XTW-01-03", "code"),
        ("xtw0103", "XTW-01-03", "code"),
        ("xtw-1-3", "XTW-01-03", "code"),
        ("学田湾正街四十八号", "XTW-01-01", "exact"),
        ("学田湾正街48", "XTW-01-01", "exact"),
        ("老院", "XTW-01-01", "exact"),
        ("曾家岩", "ZJY-01-01", "prefix"),
        ("轨道站", "ZJY-01-01", "contains"),
        ("重庆市人民支路7号3栋501室", "ZJY-01-02", "within"),
        ("rmzl72", "ZJY-01-01", "initials"),
        ("zjygdz", "ZJY-01-01", "initials"),
        ("人民小雪", "JXC-01-01", "near"),
        ("学填湾正街48号", "XTW-01-01", "near"),
    ],
)
def test_the_first_tier_that_fits_says_which(query, code, tier):
    answer = search(INDEX, query)
    assert answer.chosen is not None
    assert (answer.chosen.microgrid_code, answer.hits[0].tier) == (code, tier)
    assert answer.is_near == (tier == "near")


def test_a_door_in_two_micro_grids_is_asked_back():
    answer = search(INDEX, "中山四路10号")
    assert answer.chosen is None
    assert [hit.place.microgrid_code for hit in answer.hits] == ["MZX-01-01", "MZX-01-02"]


def test_several_fit_and_the_whole_number_comes_first():
    answer = search(INDEX, "学田湾正街4")
    # 4 and 4号 are one door: it is meant, though 48号 and 480号 begin alike.
    assert answer.chosen is not None
    assert answer.chosen.text == "学田湾正街4号"
    answer = search(INDEX, "正街48")
    assert [hit.place.text for hit in answer.hits] == ["学田湾正街48号", "学田湾正街480号"]


def test_a_slip_is_never_let_pass_in_a_number():
    answer = search(INDEX, "人民支路8号")
    assert answer.chosen is None
    assert answer.is_near
    assert answer.hits[0].place.text == "人民支路7号"


def test_a_short_name_with_another_character_is_another_street():
    answer = search(INDEX, "人和路7号")
    assert answer.chosen is None
    assert answer.hits[0].place.text == "人民路7号"


def test_a_street_typed_with_a_slip_offers_both_it_may_be():
    texts = {hit.place.text for hit in search(INDEX, "人民之路").hits}
    assert {"人民支路7号", "人民路7号"} <= texts


@pytest.mark.parametrize("query", ["火星大道", "", "  ", "？！", "zzzz", "\x00", "\n", "号" * 500])
def test_what_is_unknown_finds_nothing_or_offers(query):
    answer = search(INDEX, query)
    assert answer.chosen is None


def test_an_empty_street_finds_nothing():
    empty = index_of([], units=())
    assert search(empty, "人民支路").hits == ()
    assert search(empty, "rmzl").hits == ()


def test_rows_that_lead_nowhere_are_left_out():
    index = index_of([("甲路1号", None, None), (None, "乙", "M1"), ("丙路1号", None, "M1")], units=())
    assert search(index, "甲路1号").chosen is None
    assert search(index, "丙路1号").chosen.microgrid_code == "M1"


# ------------------------------------------------------------------------- second computation
STREETS = st.text(alphabet="人民支路学田湾正街中山大院曾家岩", min_size=2, max_size=6)
MADE = st.lists(st.tuples(STREETS, st.integers(1, 300), st.integers(1, 6)), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(MADE, st.data())
def test_what_fits_is_what_a_plain_loop_finds(rows, data):
    doors = [(f"{street}{number}号", None, f"M-{cell}") for street, number, cell in rows]
    index = index_of(doors, units=())
    text = data.draw(st.sampled_from(doors))[0]
    exact = search(index, text)
    codes = {code for door, _, code in doors if folded_key(door) == folded_key(text)}
    assert {hit.place.microgrid_code for hit in exact.hits} == codes
    assert (exact.chosen is not None) == (len(codes) == 1)
    part = text[1:3]
    known = {(door, code) for door, _, code in doors if folded_key(part) in folded_key(door)}
    found = search(index, part)
    if found.hits and found.hits[0].tier in ("prefix", "contains") and found.chosen is None:
        assert found.places_n == len(known)
        assert {(hit.place.text, hit.place.microgrid_code) for hit in found.hits} <= known
        assert len(found.hits) <= MOST_SHOWN
