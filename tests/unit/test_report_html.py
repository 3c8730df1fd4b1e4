import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from results import (
    HOSTILE,
    WINNER,
    hostile_result,
    linked_result,
    row,
    sample_result,
    timed,
    unchanged_result,
    untimed_result,
)

from burnish.cli._vega import vega
from burnish.measure.values import Timing
from burnish.report.html import render
from burnish.report.json import decode
from burnish.report.printable import printable
from burnish.tune.result import TuneResult, linked_profile

VOID = {"meta", "br", "input"}
KINDS = [sample_result, linked_result, untimed_result, unchanged_result, hostile_result]


class Page(HTMLParser):
    """What a browser would make of a page: elements, attributes, text by element, and whether all is closed."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, *each) for each in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, *each) for each in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1] if self.open else "", data))

    def text(self, tag: str) -> list[str]:
        return [data for where, data in self.texts if where == tag]


@pytest.mark.parametrize("make", KINDS)
def test_the_page_is_well_formed_and_asks_nothing_of_the_network(make: Callable[[], TuneResult]) -> None:
    text = render(make())
    page = Page(text)

    assert page.open == []
    assert page.tags["script"] == 5
    assert not {"link", "img", "iframe", "object", "base"} & set(page.tags)
    assert not {name for _, name, _ in page.attributes} & {"src", "href", "action", "srcset", "onload", "onclick"}
    assert "default-src 'none'" in text
    assert not re.search(r"url\(|@import", text.split("<style>")[1].split("</style>")[0])


@pytest.mark.parametrize("make", KINDS)
def test_the_embedded_json_is_the_result(make: Callable[[], TuneResult]) -> None:
    page = Page(render(make()))

    assert decode(page.text("script")[0].encode()) == make()


def test_others_names_stay_text() -> None:
    page = Page(render(hostile_result()))
    shown = printable(HOSTILE)

    assert page.text("h1") == [shown]
    assert shown in page.text("span")
    assert page.tags["a"] == 0
    assert all(HOSTILE not in (value or "") for _, _, value in page.attributes)


def test_the_block_to_copy_is_the_profile() -> None:
    assert Page(render(sample_result())).text("pre")[0] == '[profile.release]\nlto = "fat"  # was false\n'


def test_a_look_into_the_link_is_told_and_drawn() -> None:
    result = linked_result()
    assert result.link is not None
    text, drawn = render(result), specs(result)
    assert "71 modules of 43 crates merged into one; 31,902 calls inlined across crates" in text
    assert "3,877 of 24,310 functions are in the program." in text
    assert "burnish xray --lto fat,codegen-units=1 --format html" in text
    assert [mark["name"] for mark in values(drawn["crossings"])] == [
        f"{each.source} → {each.target}" for each in result.link.crossings if each.calls
    ]
    assert [mark["count"] for mark in values(drawn["fates"])] == [3_877, 14_020, 6_100, 313]


def test_without_a_look_the_page_says_how_to_get_one_where_there_is_a_link() -> None:
    assert "burnish report --xray takes one" in render(sample_result())
    assert linked_profile(unchanged_result()) is None
    assert "burnish report --xray" not in render(unchanged_result())
    baseline = replace(unchanged_result().rows[0], profile=WINNER)
    assert linked_profile(replace(unchanged_result(), rows=(baseline,))) == ("baseline", WINNER)


def specs(result: TuneResult) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Page(render(result)).text("script")[2])
    return found


def values(spec: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec["data"]["values"]
    return found


def test_the_chart_has_a_mark_for_every_candidate_with_a_time() -> None:
    drawn = specs(sample_result())
    kinds = Counter(mark["kind"] for mark in values(drawn["front-size-time"]))

    assert kinds == {"baseline": 1, "recommended": 1, "on the front": 3, "matched or beaten": 4}
    assert [mark["sure"] for mark in values(drawn["front-size-time"])].count(False) == 2
    assert drawn["front"] == drawn["front-size-time"]


def test_without_a_workload_the_chart_shows_build_cpu_and_no_interval() -> None:
    drawn = specs(untimed_result())

    assert {key for key in drawn if key.startswith("front")} == {"front", "front-size-build"}
    assert len(values(drawn["front"])) == len(untimed_result().rows)
    assert all(mark["low"] is None and mark["sure"] for mark in values(drawn["front"]))
    assert "noise" not in drawn


def test_an_endless_interval_does_not_flatten_the_chart() -> None:
    full = sample_result()
    endless = row("o1-thin-cgu1-unwind-none", 7_000_000, 99.0, 1, time=timed(0.98, 0.0, 1e308, Timing.UNDECIDED, 1))
    text = render(replace(full, rows=(*full.rows, endless)))
    drawn = specs(replace(full, rows=(*full.rows, endless)))

    assert "no interval, n 1" in text
    assert all(abs(mark[end]) < 1 for mark in values(drawn["front-size-time"]) for end in ("low", "high"))
    assert all(abs(mark[end]) < 1 for mark in values(drawn["noise"]) for end in ("low", "high"))


def test_one_candidate_alone_has_no_chart() -> None:
    full = unchanged_result()

    assert not any(key.startswith("front") for key in specs(replace(full, rows=full.rows[:1])))


def test_sizes_are_set_side_by_side_where_something_is_recommended() -> None:
    both, alone = specs(sample_result())["sections"], specs(unchanged_result())["sections"]

    assert {mark["of"] for mark in values(both)} == {"baseline", "recommended"}
    assert {mark["of"] for mark in values(alone)} == {"baseline"}
    assert {"name": "3 others", "of": "baseline", "bytes": 362_376, "tip": "3 others: 362.4 kB"} in values(both)


def test_the_way_adds_up() -> None:
    drawn = specs(sample_result())
    for key in ("way-size", "way-cpu"):
        steps = values(drawn[key])
        assert steps[0]["from"] == 0
        assert all(one["to"] == other["from"] for one, other in pairwise(steps[:-1]))
        assert (steps[-1]["from"], steps[-1]["to"]) == (0, steps[-2]["to"])


def test_the_noise_panel_has_every_interval() -> None:
    names = [mark["name"] for mark in values(specs(sample_result())["noise"])]

    assert names[0] == "baseline against itself"
    assert names[-2:] == ["recommended, fresh builds", "recommended, 6 random layouts"]
    assert len(names) == 3 + sum(each.time is not None for each in sample_result().rows)


def test_crates_of_one_name_have_bars_of_their_own() -> None:
    names = [mark["name"] for mark in values(specs(sample_result())["timeline-1"])]

    assert names[:2] == ["build_script_build", "build_script_build 2"]
    assert len(set(names)) == len(names) == 6


def test_points_of_one_place_are_drawn() -> None:
    full = untimed_result()
    same = tuple(replace(each, size=full.rows[0].size, cost=full.rows[0].cost) for each in full.rows)

    assert len(values(specs(replace(full, rows=same))["front"])) == len(same)


def test_the_claims_that_were_measured_stand_beside_their_figures() -> None:
    text = render(sample_result())
    claims = text.split('<table id="claims"')[1].split("</table>")[0]

    assert claims.count("<tr>") > 5
    assert "not measured" not in claims


def test_the_page_is_at_most_five_megabytes() -> None:
    assert len(render(sample_result(), vega()).encode()) < 1_200_000
