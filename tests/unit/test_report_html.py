import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from results import HOSTILE, hostile_result, row, sample_result, timed, unchanged_result, untimed_result

from burnish.measure.values import Timing
from burnish.report.html import render
from burnish.report.json import decode
from burnish.report.printable import printable
from burnish.tune.result import TuneResult

VOID = {"meta", "circle", "line", "rect"}
KINDS = [sample_result, untimed_result, unchanged_result, hostile_result]


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
    assert page.tags["script"] == 2
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


def _marks(text: str, kind: str) -> list[str]:
    return re.findall(rf'<g class="{kind}[^"]*"><title>', text)


def test_the_chart_has_a_mark_for_every_candidate_with_a_time() -> None:
    text = render(sample_result())

    assert [len(_marks(text, kind)) for kind in ("baseline", "best", "front", "plain")] == [1, 1, 3, 4]
    assert text.count('class="interval"') == 6
    assert text.count(" screened") >= 2


def test_without_a_workload_the_chart_shows_build_cpu_and_no_interval() -> None:
    text = render(untimed_result())

    assert "CPU of a cold build" in text
    assert 'class="interval"' not in text
    assert len(re.findall(r'<g class="\w+"><title>', text)) == len(untimed_result().rows)


def test_an_endless_interval_does_not_flatten_the_chart() -> None:
    full = sample_result()
    endless = row("o1-thin-cgu1-unwind-none", 7_000_000, 99.0, 1, time=timed(0.98, 0.0, 1e308, Timing.UNDECIDED, 1))
    text = render(replace(full, rows=(*full.rows, endless)))

    assert "no interval, n 1" in text
    assert all(0 <= float(at) <= 380 for at in re.findall(r' (?:c?y|y[12])="([-\d.e+]+)"', text))


def test_one_candidate_alone_has_no_chart() -> None:
    full = unchanged_result()

    assert '<svg class="scatter"' not in render(replace(full, rows=full.rows[:1]))


def test_sizes_are_set_side_by_side_where_something_is_recommended() -> None:
    both, alone = render(sample_result()), render(unchanged_result())

    assert both.count('<rect class="best"') == both.count('<rect class="baseline"') > 0
    assert alone.count('<rect class="best"') == 0
    assert "3 others" in both


def test_points_of_one_place_are_drawn() -> None:
    full = untimed_result()
    same = tuple(replace(each, size=full.rows[0].size, cost=full.rows[0].cost) for each in full.rows)

    assert "nan" not in render(replace(full, rows=same)).split("<script")[0]
