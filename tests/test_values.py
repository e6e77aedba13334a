from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.records import values as v

SHANGHAI = ZoneInfo("Asia/Shanghai")


def stamp(text: str, timezone: str = "Asia/Shanghai") -> datetime | None:
    return v.stamps(pa.array([text], pa.string()), timezone=timezone).values[0].as_py()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-09-07 15:04", "2023-09-07T15:04:00"),
        ("2023/9/7 15:04", "2023-09-07T15:04:00"),
        ("２０２３／９／７　１５：０４", "2023-09-07T15:04:00"),
        ("2023年9月7日 15时04分", "2023-09-07T15:04:00"),
        ("2023年9月7日15时4分30秒", "2023-09-07T15:04:30"),
        ("2023年9月7日", "2023-09-07T00:00:00"),
        ("2023/9/7 下午3:04:05", "2023-09-07T15:04:05"),
        ("2023.9.7 5:04", "2023-09-07T05:04:00"),
        ("45176.6277777778", "2023-09-07T15:04:00"),
        ("45176", "2023-09-07T00:00:00"),
        ("20230907150400", "2023-09-07T15:04:00"),
        ("1694070240", "2023-09-07T15:04:00"),
        ("1694070240000", "2023-09-07T15:04:00"),
        ("2023-09-07T07:04:05Z", "2023-09-07T15:04:05"),
        ("2023-09-07 07:04:05+00", "2023-09-07T15:04:05"),
        ("2023-09-07T15:04:05.5+08:00", "2023-09-07T15:04:05.500000"),
        ("01/15/2022 11:59:00 PM", "2022-01-15T23:59:00"),
        ("31/12/2022 10:00", "2022-12-31T10:00:00"),
        ("2022 Jan 03 10:22:33 PM", "2022-01-03T22:22:33"),
        ("07-Sep-2023 15:04:05", "2023-09-07T15:04:05"),
    ],
)
def test_stamp_forms(text: str, expected: str) -> None:
    assert stamp(text) == datetime.fromisoformat(expected).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize("text", ["abc", "2023-02-30 10:00", "2023-13-01", "25:61", "2023-09-07 24:30", "7"])
def test_text_that_is_no_stamp_is_unreadable(text: str) -> None:
    read = v.stamps(pa.array([text, None]), timezone="Asia/Shanghai")
    assert read.values.to_pylist() == [None, None]
    assert read.is_unreadable.to_pylist() == [True, False]


def test_forms_may_mix_in_one_column() -> None:
    texts = [
        "2023-09-07 15:04",
        "2023/9/7 15:04",
        "45176.5",
        "x",
        None,
        "2023-09-07T07:04:00Z",
        "2023年9月7日",
    ]
    hours = [
        s and s.strftime("%H:%M")
        for s in v.stamps(pa.array(texts), timezone="Asia/Shanghai").values.to_pylist()
    ]
    assert hours == ["15:04", "15:04", "12:00", None, None, "15:04", "00:00"]


def test_stamps_without_zone_are_read_in_the_mapping_zone() -> None:
    assert stamp("2022-01-21 13:47:00", "America/New_York") == datetime(2022, 1, 22, 2, 47, tzinfo=SHANGHAI)


def test_month_and_day_that_cannot_be_told_apart_are_doubtful() -> None:
    told = v.stamps(pa.array(["1/2/2022 3:04", "1/13/2022 3:04"]), timezone="UTC")
    untold = v.stamps(pa.array(["1/2/2022 3:04", None]), timezone="UTC")
    assert told.is_doubtful.to_pylist() == [False, False]
    assert untold.is_doubtful.to_pylist() == [True, False]


@given(st.datetimes(datetime(2000, 1, 2), datetime(2039, 1, 1)).map(lambda d: d.replace(microsecond=0)))  # noqa: DTZ001
def test_every_written_form_reads_back(when: datetime) -> None:
    forms = ("%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日 %H时%M分%S秒", "%Y%m%d%H%M%S")
    for form in forms:
        assert stamp(when.strftime(form)) == when.replace(tzinfo=SHANGHAI)


def test_numbers_lose_commas_and_units() -> None:
    texts = ["1,234", "18米", "35%", "x", None, "1e3", "-3.5", "１２"]
    read = v.numbers(pa.array(texts))
    assert read.values.to_pylist() == [1234.0, 18.0, 0.35, None, None, 1000.0, -3.5, 12.0]
    assert read.is_unreadable.to_pylist() == [False, False, False, True, False, False, False, False]


def test_ids_are_trimmed_and_folded_but_keep_their_case() -> None:
    read = v.ids(pa.array([" A1 ", "Ａ１", "a1", "002", "2.02309E+16", "E-031", "  "]))
    assert read.values.to_pylist() == ["A1", "A1", "a1", "002", "2.02309E+16", "E-031", None]
    assert read.is_doubtful.to_pylist() == [False, False, False, False, True, False, False]


def test_phones_that_became_numbers_are_text_again() -> None:
    texts = ["1.0000000001E+10", "10000000001.0", "10000000001", "023-1234567"]
    assert v.phones(pa.array(texts)).values.to_pylist() == ["10000000001"] * 3 + ["023-1234567"]


def test_foreign_words_of_a_value_list_stay_and_are_marked() -> None:
    read = v.codes(pa.array(["在办", "closed", "CLOSED", "foo", None]), values="status")
    assert read.values.to_pylist() == ["open", "closed", "closed", "foo", None]
    assert read.is_unreadable.to_pylist() == [False, False, False, True, False]


def test_yes_and_no() -> None:
    read = v.booleans(pa.array(["有", "否", "TRUE", "？", None]))
    assert read.values.to_pylist() == [True, False, True, None, None]
    assert read.is_unreadable.to_pylist() == [False, False, False, True, False]
