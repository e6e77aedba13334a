"""A night, a shift or the storm replayed on the offline map: slider, play and pause, places filling in.

Everything happens in the browser, from one table of minutes; the server is asked nothing while it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from branca.element import MacroElement
from folium.template import Template

from governance.figures.geojson import markup
from governance.figures.map_marks import look_svg, step_svg
from governance.figures.maps import Layers
from governance.figures.theme import LIGHT
from governance.text import t

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import folium

    from governance.figures.geojson import Feature
    from governance.figures.map_shapes import Shapes

TRAIL_MIN = 30
STEP_MS = 80
# The player's bar at the foot of the map.
_PLAYER_PX = 64
CASE_LOOKS = ("case", "flood", "tree")
# How many of the latest events are listed beside the clock.
LISTED_N = 9
_VISITED_OPACITY, _MISSED_OPACITY = 0.55, 0.35
FORCE_COLOURS: Mapping[str, str] = {"police": LIGHT.police, "urban": LIGHT.urban, "mass": LIGHT.mass}


@dataclass(frozen=True)
class Walk:
    """One device's kept track: minute since the start, latitude, longitude; legs apart.

    `force` is police, urban, mass or empty.
    """

    force: str
    legs: tuple[tuple[tuple[float, float, float], ...], ...]


@dataclass(frozen=True)
class Event:
    """Something that happened at a minute: `tip` is text, `kind` a case's look or a step.

    Without a place it stands in the list alone. From minute `until` its mark is gone (something later
    happened there); from minute `done` on, a case is drawn as settled.
    """

    minute: float
    lat: float | None
    lon: float | None
    kind: str
    tip: str
    until: float | None = None
    done: float | None = None

    @property
    def svg(self) -> str:
        """Its mark."""
        return look_svg(self.kind) if self.kind in CASE_LOOKS else step_svg(self.kind)


@dataclass(frozen=True)
class Replay:
    """What is replayed: from `start_at` on for `minutes`.

    `visited` gives, per micro-grid code, the minute of its first valid visit; those in `expected` and
    not in it were missed.
    """

    start_at: datetime
    minutes: int
    walks: tuple[Walk, ...]
    visited: Mapping[str, float]
    expected: frozenset[str]
    events: tuple[Event, ...] = ()


_SCRIPT = """
{% macro script(this, kwargs) %}
(function (map, data) {
    var minute = data.minutes, playing = null;
    map.createPane("walks").style.zIndex = 460;
    var areas = L.geoJSON(data.areas, {
        style: function (one) { return one.properties.style; },
        onEachFeature: function (one, layer) {
            layer.bindTooltip(one.properties.tip, {className: "tip", sticky: true});
        }
    }).addTo(map);
    var trails = data.walks.map(function (walk) {
        return L.polyline([], {pane: "walks", color: walk.colour, weight: 2, opacity: .75}).addTo(map);
    });
    var heads = data.walks.map(function (walk) {
        return L.circleMarker([0, 0], {pane: "walks", radius: 5, color: data.card, weight: 1.5,
            fillColor: walk.colour, fillOpacity: 1, opacity: 0});
    });
    map.createPane("events").style.zIndex = 470;
    function iconOf(html) { return L.divIcon({className: "mark", iconSize: [20, 20], html: html}); }
    var settled = iconOf(data.settled);
    var events = data.events.map(function (event) {
        if (event.lat === null) { return null; }
        var at = [event.lat, event.lon];
        var mark = L.marker(at, {pane: "events", keyboard: false, icon: iconOf(event.svg)});
        mark.setZIndexOffset(event.above ? 1000 : 0);
        mark.own = mark.options.icon;
        return mark.bindTooltip(event.tip, {className: "tip"});
    });
    var list = L.control({position: "topright"}), lines;
    list.onAdd = function () {
        lines = L.DomUtil.create("div", "replay-list");
        lines.setAttribute("aria-label", data.words.list);
        L.DomEvent.disableClickPropagation(lines);
        return lines;
    };
    if (data.events.length) { list.addTo(map); }
    var box = L.control({position: "bottomleft"}), button, slider, clock;
    box.onAdd = function () {
        var root = L.DomUtil.create("div", "replay");
        L.DomEvent.disableClickPropagation(root);
        L.DomEvent.disableScrollPropagation(root);
        button = L.DomUtil.create("button", "", root);
        button.type = "button";
        slider = L.DomUtil.create("input", "", root);
        slider.type = "range";
        slider.min = 0; slider.max = data.minutes; slider.step = 1; slider.value = minute;
        slider.setAttribute("aria-label", data.words.slider);
        clock = L.DomUtil.create("span", "", root);
        button.addEventListener("click", function () { playing === null ? play() : pause(); });
        slider.addEventListener("input", function () { pause(); minute = +slider.value; draw(); });
        return root;
    };
    function two(n) { return (n < 10 ? "0" : "") + n; }
    function clockOf(m) {
        var all = data.first_minute + Math.round(m);
        var day = Math.floor(all / 1440), rest = ((all % 1440) + 1440) % 1440;
        return (data.days[day] || "") + " " + two(Math.floor(rest / 60)) + ":" + two(rest % 60);
    }
    function draw() {
        data.walks.forEach(function (walk, n) {
            var trail = [], head = null;
            walk.legs.forEach(function (leg) {
                var part = leg.filter(function (p) { return p[0] <= minute && p[0] >= minute - data.trail; });
                if (part.length) { trail.push(part.map(function (p) { return [p[1], p[2]]; })); }
                for (var i = 0; i < leg.length; i++) {
                    if (leg[i][0] <= minute && minute - leg[i][0] <= 15) { head = leg[i]; }
                }
            });
            trails[n].setLatLngs(trail);
            if (head) { heads[n].setLatLng([head[1], head[2]]).setStyle({opacity: 1}).addTo(map); }
            else { heads[n].remove(); }
        });
        var done = 0;
        areas.eachLayer(function (layer) {
            var own = layer.feature.properties;
            if (own.minute === null) { return; }
            var is_in = own.minute <= minute;
            done += is_in ? 1 : 0;
            layer.setStyle({
                fillColor: is_in ? data.done : data.open,
                fillOpacity: is_in ? data.done_opacity : own.style.fillOpacity
            });
        });
        events.forEach(function (mark, n) {
            var event = data.events[n];
            if (mark === null) { return; }
            if (event.minute > minute || (event.until !== null && event.until <= minute)) {
                mark.remove();
                return;
            }
            var icon = event.done !== null && event.done <= minute ? settled : mark.own;
            if (mark.options.icon !== icon) { mark.setIcon(icon); }
            mark.addTo(map);
        });
        if (lines) {
            var told = data.events.filter(function (event) { return event.minute <= minute; });
            lines.innerHTML = "<b>" + data.words.told.replace("{k}", told.length) + "</b>" +
                told.slice(-data.listed).reverse().map(function (event) {
                    return "<div>" + event.svg + "<span>" + event.tip + "</span></div>";
                }).join("");
        }
        slider.value = minute;
        clock.textContent = clockOf(minute) + "　" + data.words.visited.replace("{k}", done);
    }
    function label() {
        button.textContent = playing === null ? "▶ " + data.words.play : "❚❚ " + data.words.pause;
    }
    function pause() { if (playing !== null) { clearInterval(playing); playing = null; } label(); }
    function play() {
        if (minute >= data.minutes) { minute = 0; }
        playing = setInterval(function () {
            minute = Math.min(minute + data.step, data.minutes);
            draw();
            if (minute >= data.minutes) { pause(); }
        }, data.step_ms);
        label();
    }
    box.addTo(map);
    label();
    draw();
})({{ this._parent.get_name() }}, {{ this.data|tojson }});
{% endmacro %}
"""


class _Player(MacroElement):
    """The script that plays a replay on its map."""

    _template = Template(_SCRIPT)

    def __init__(self, data: Mapping[str, object]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # branca leaves it untyped
        self._name = "Player"
        self.data = data


def areas_key_html() -> str:
    """The key of the micro-grids: those visited so far and those missed in the turn, in their fills."""
    fills = {"filled": (LIGHT.previous, _VISITED_OPACITY), "missed": (LIGHT.orange, _MISSED_OPACITY)}
    return "".join(
        f'<span><svg width="15" height="12" aria-hidden="true"><rect width="15" height="12" fill="{fill}"'
        f' fill-opacity="{opacity}" stroke="{LIGHT.rule}"/></svg>'
        f" {escape(t(f'patrol_replay.key.{name}'))}</span>"
        for name, (fill, opacity) in fills.items()
    )


def _area(feature: Feature, replay: Replay) -> Feature:
    code = str(feature["id"])
    minute = replay.visited.get(code)
    is_expected = code in replay.expected
    is_missed = is_expected and minute is None
    style = {
        "fillColor": LIGHT.orange if is_missed else LIGHT.card,
        "fillOpacity": _MISSED_OPACITY if is_missed else 0.6,
        "color": LIGHT.rule,
        "weight": 1,
    }
    name = str(feature["properties"].get("name") or code)
    state = "missed" if is_missed else "visited" if minute is not None else "not_expected"
    words = t(f"patrol_replay.{state}", minute=f"{minute or 0:.0f}")
    properties = {"style": style, "minute": minute, "tip": f"<b>{markup(name)}</b><br>{markup(words)}"}
    return {"type": "Feature", "properties": properties, "geometry": feature["geometry"]}


def _count_words(replay: Replay) -> str:
    """What stands beside the clock: visits of those expected, visits alone, or nothing without any."""
    if replay.expected:
        return t("patrol_replay.count", n=len(replay.expected))
    return t("patrol_replay.count_plain") if replay.visited else ""


def replay_data(replay: Replay, microgrids: Sequence[Feature]) -> dict[str, object]:
    """The table the player works from; times are minutes since the start."""
    start = replay.start_at
    first_minute = start.hour * 60 + start.minute
    days_n = (first_minute + replay.minutes) // 1440 + 1
    days = [
        t("patrol_replay.day", month=day.month, day=day.day)
        for day in (start.fromordinal(start.toordinal() + n) for n in range(days_n))
    ]
    return {
        "minutes": replay.minutes,
        "first_minute": first_minute,
        "days": days,
        "trail": TRAIL_MIN,
        "step": max(replay.minutes // 480, 1),
        "step_ms": STEP_MS,
        "card": LIGHT.card,
        "ink": LIGHT.ink_2,
        "done": LIGHT.previous,
        "done_opacity": _VISITED_OPACITY,
        "open": LIGHT.card,
        "walks": [
            {"colour": FORCE_COLOURS.get(walk.force, LIGHT.no_data), "legs": walk.legs}
            for walk in replay.walks
        ],
        "areas": {"type": "FeatureCollection", "features": [_area(one, replay) for one in microgrids]},
        "events": [
            {
                "minute": event.minute,
                "lat": event.lat,
                "lon": event.lon,
                "tip": markup(event.tip),
                "svg": event.svg,
                # What was done stands over what was reported in the same place.
                "above": event.kind not in CASE_LOOKS,
                "until": event.until,
                "done": event.done,
            }
            for event in sorted(replay.events, key=lambda one: one.minute)
        ],
        "settled": look_svg("done"),
        "listed": LISTED_N,
        "words": {
            "play": t("patrol_replay.play"),
            "pause": t("patrol_replay.pause"),
            "slider": t("patrol_replay.slider"),
            "visited": _count_words(replay),
            "list": t("patrol_replay.list"),
            "told": t("patrol_replay.told", n=len(replay.events)),
        },
    }


def add_player(map_: folium.Map, replay: Replay, microgrids: Sequence[Feature]) -> folium.Map:
    """The same map with the player on it: slider, play and pause at its foot."""
    _Player(replay_data(replay, microgrids)).add_to(map_)
    return map_


def border_layers(shapes: Shapes) -> Layers:
    """The communities' borders and names, and the river's, over the replay."""
    names = tuple(name for key, name in shapes.names.items() if key[0] == "community")
    return Layers(
        areas=(),
        view=shapes.ground.bounds,
        view_key="replay",
        foot_px=_PLAYER_PX,
        lines={"community": shapes.features.get("community", ())},
        names=(*names, *shapes.water),
    )
