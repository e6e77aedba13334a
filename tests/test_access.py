from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from governance import access

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("请拨打 10012345678 联系", "10012345678"),
        ("电话 100-1234-5678", "1234-5678"),
        ("身份证 500103199001011234 的老人", "500103199001011234"),
        ("身份证 50010319900101123X", "50010319900101123X"),
        ("住 3栋2单元501室 反映", "501"),
        ("5-12-3 漏水", "5-12-3"),
        ("座机 023-63850000", "63850000"),
    ],
)
def test_numbers_in_free_text_are_masked(text: str, hidden: str) -> None:
    assert hidden not in access.masked_text(text)


def test_ordinary_words_stay() -> None:
    assert access.masked_text("路边堆放建渣，约 3 处，90 天第 6 次") == "路边堆放建渣，约 3 处，90 天第 6 次"
    assert access.masked_text("2023-09-07 15:04 发现") == "2023-09-07 15:04 发现"
    assert access.masked_address("学田湾正街48号") == "学田湾正街48号"


def test_a_frame_of_members_shows_no_name_and_no_phone() -> None:
    members = pd.DataFrame(
        {"member_id": ["M-1"], "name": ["微网格员甲"], "phone": ["10000000031"], "role": ["楼栋长"]}
    )
    shown = access.masked_frame(members, "members")
    assert shown["name"][0] == "微＊＊＊＊"
    assert shown["phone"][0] == "100＊＊＊＊31"
    assert members["phone"][0] == "10000000031"


def test_the_log_only_grows(tmp_path: Path) -> None:
    access.record_access(tmp_path, "import", kind="incidents")
    access.record_access(tmp_path, "export", rows=3)
    lines = [json.loads(line) for line in (tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["action"] for line in lines] == ["import", "export"]
