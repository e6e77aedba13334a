"""All settings in one table: name, default, unit, help and source.

A data folder overrides them in its `settings.toml`. Nothing else is configurable.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

from governance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

SettingValue = str | int | float | bool | date

PROJECT_DIR = Path(__file__).resolve().parents[1]
BUNDLED_REFERENCE_DIR = PROJECT_DIR / "data" / "reference"


@dataclass(frozen=True)
class Setting:
    """One setting: its type is the type of its default."""

    name: str
    default: SettingValue
    unit: str
    help: str
    source: str


SETTINGS: tuple[Setting, ...] = (
    Setting("street_name", "上清寺街道", "", "街道名称，显示在每页左上角", "重庆日报 2023-09"),
    Setting("reform_on", date(2023, 7, 1), "日期", "三队合一的日期，图上画成断点", "示例；报道未写明"),
    Setting("week_starts_on", 1, "星期", "一周从星期几开始，1 为星期一", "ISO 8601"),
    Setting("office_hours", "09:00-17:00", "", "工作时限按几点到几点计", "示例；以本街道作息为准"),
    Setting("plausible_from", date(2000, 1, 1), "日期", "早于这一天的时间标为不可信", "数据接入约定"),
    Setting("lock_wait_s", 60, "秒", "有人正在导入时最多等多久", "数据接入约定"),
    Setting("max_upload_mb", 200, "MB", "网页上传单个文件的上限", "办公电脑内存"),
    Setting("max_line_mb", 8, "MB", "一行超过这个长度的文件不读", "防止误传"),
    Setting("default_point_min_n", 10, "件", "同一坐标多少件起才查是否默认点", "波士顿 311 数据实测"),
    Setting("area_tolerance_m", 30, "米", "坐标落在界外多少米以内仍归最近的微网格", "定位误差 10–40 米"),
    Setting("visit_min_min", 3, "分钟", "在微网格里停留多久才算走访，不到的算路过", "指标约定"),
    Setting("still_m", 30, "米", "一小时里移动不到这么远的算静止", "指标约定"),
    Setting("patrol_far_km", 20, "公里", "离辖区超过这么远的定位点不算巡逻", "定位漂移"),
    Setting(
        "own_community",
        "",
        "",
        "本社区的编码；一老一小页只对它显示到微网格，留空则各社区只看合计",
        "街道自定",
    ),
    Setting("tile_url", "", "", "办公网内的底图瓦片地址，留空则只用自带底图", "街道自定"),
    Setting("tile_attribution", "", "", "瓦片底图的版权说明", "街道自定"),
    Setting("trend_weeks", 12, "周", "趋势线显示最近几周", "休哈特图至少 12 点"),
    Setting("grade_a_max", 0.02, "占比", "最差问题占比不超过它为 A", "指标约定"),
    Setting("grade_b_max", 0.05, "占比", "最差问题占比不超过它为 B", "指标约定"),
    Setting("grade_c_max", 0.10, "占比", "最差问题占比不超过它为 C，再高为 D", "指标约定"),
    Setting("many_per_hour", 10, "件", "一人一小时内上报超过它，列入核对名单", "指标约定"),
    Setting("before_limit_min", 10, "分钟", "到期前这么久之内结案，列入核对名单", "指标约定"),
    Setting("spot_close_min", 20, "分钟", "自己发现的件，上报后这么久之内结案算当场办结", "示例；街道自定"),
    Setting("revisit_limit_1_h", 24.0, "小时", "一级微网格两次到访之间的上限", "示例，待街道确认"),
    Setting("revisit_limit_2_h", 48.0, "小时", "二级微网格两次到访之间的上限", "示例，待街道确认"),
    Setting("revisit_limit_3_h", 72.0, "小时", "三级微网格两次到访之间的上限", "示例，待街道确认"),
    Setting("low_effort_h", 1.0, "小时", "巡逻少于它的地方不算发现率", "指标约定"),
    Setting("small_n", 20, "件", "少于它只写几分之几，不写百分数", "指标约定"),
    Setting("show_contacts", False, "", "网格手册能否点看完整号码；每看一个记一条日志", "有登录之前默认不开"),
    Setting("screen_slide_s", 25.0, "秒", "会议大屏自动翻页时每页停多久", "会议室做法：20–30 秒"),
    Setting("screen_idle_s", 600.0, "秒", "会议大屏多久没人按键才开始自动翻页", "示例；街道自定"),
    Setting("screen_pause_s", 120.0, "秒", "点一下会议大屏停多久", "会议室做法"),
    Setting("screen_refresh_s", 15.0, "秒", "会议大屏隔多久查一次新数据", "示例；街道自定"),
    Setting("screen_renew_h", 3.0, "小时", "会议大屏隔多久在后台重新连接", "实测：长开的页面会变大"),
)


@dataclass(frozen=True)
class Settings:
    """The settings in force for one data folder. Hashable, so it may key a cache."""

    items: tuple[tuple[str, SettingValue], ...]

    def _get(self, name: str) -> SettingValue:
        return dict(self.items)[name]

    def text(self, name: str) -> str:
        """A setting that is a text."""
        return cast("str", self._get(name))

    def number(self, name: str) -> float:
        """A setting that is a number."""
        return float(cast("float", self._get(name)))

    def integer(self, name: str) -> int:
        """A setting that is a whole number."""
        return int(cast("int", self._get(name)))

    def flag(self, name: str) -> bool:
        """A setting that is on or off."""
        return bool(self._get(name))

    def day(self, name: str) -> date:
        """A setting that is a date."""
        return cast("date", self._get(name))


def _by_name() -> Mapping[str, Setting]:
    return MappingProxyType({setting.name: setting for setting in SETTINGS})


def settings_of(data_dir: Path) -> Settings:
    """The defaults, overridden by `data_dir/settings.toml` where it exists.

    Raises
    ------
    UsageError
        `unknown_setting` or `bad_setting`, naming the line that must change.
    """
    values: dict[str, SettingValue] = {setting.name: setting.default for setting in SETTINGS}
    path = data_dir / "settings.toml"
    if path.is_file():
        try:
            overrides = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError("bad_settings_file", file=str(path), detail=str(error)) from error
        known = _by_name()
        for name, value in overrides.items():
            if name not in known:
                raise UsageError("unknown_setting", setting=name, file=str(path))
            default = known[name].default
            accepted = (int, float) if isinstance(default, float) else type(default)
            if not isinstance(value, accepted):
                raise UsageError("bad_setting", setting=name, value=value, default=default)
            values[name] = value
    return Settings(items=tuple(values.items()))


def data_dir_from_environment() -> Path:
    """The data folder: the environment variable GOVERNANCE_DATA, else the project's data/."""
    named = os.environ.get("GOVERNANCE_DATA")
    return Path(named) if named else Path("data") if Path("data").is_dir() else PROJECT_DIR / "data"
