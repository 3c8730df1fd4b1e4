"""The report in a real browser: drawn, without a word on the console, without a request, and it does what it says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from results import HOSTILE, WINNER, hostile_result, linked_result, sample_result, unchanged_result, untimed_result

from burnish.cli._vega import vega
from burnish.report import json as json_report
from burnish.report.html import render
from burnish.report.printable import printable
from burnish.tune.result import TuneResult
from screenshots import picture

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

#: A page that was opened: ``page``, and ``behaved()``.
Open = Callable[..., Any]
ROOT = Path(__file__).parents[2]
#: The looks of a page: name, width, and whether it is dark.
LOOKS = [("light", 1100, False), ("dark", 1100, True), ("phone", 390, False)]


@pytest.mark.parametrize("make", [sample_result, linked_result, untimed_result, unchanged_result, hostile_result])
def test_every_place_is_drawn_and_nothing_is_said_or_asked(opened: Open, make: Callable[[], TuneResult]) -> None:
    shown = opened(render(make(), vega()))
    places = shown.page.locator(".drawing")
    assert places.count() >= 2
    for place in places.all():
        marks = place.locator("svg .mark-symbol path, svg .mark-rect path, svg .mark-rule line")
        assert marks.count() >= 1, place.get_attribute("id")
    shown.behaved()


def test_the_chart_has_a_mark_for_every_candidate_with_a_time(opened: Open) -> None:
    shown = opened(render(sample_result(), vega()))
    marks = shown.page.locator("#front .role-mark.mark-symbol path")
    timed = [row for row in sample_result().rows if row.time or row.screened] + [sample_result().rows[0]]
    assert marks.count() == len(timed)
    said = {mark.get_attribute("aria-label") for mark in marks.all()}
    assert any(WINNER.id in (words or "") and "recommended" in (words or "") for words in said)
    assert shown.page.locator("#front .role-mark.mark-rule line").count() == len(timed)


def test_what_is_chosen_is_drawn(opened: Open) -> None:
    shown = opened(render(sample_result(), vega()))
    for key in ("front-size-build", "front-build-time"):
        shown.page.select_option("select[data-drawing=front]", key)
        shown.page.wait_for_function(f"document.getElementById('front').dataset.drawn === '{key}'")
    shown.page.select_option("select[data-drawing=timeline]", "timeline-2")
    shown.page.wait_for_function("document.getElementById('timeline').dataset.drawn === 'timeline-2'")
    shown.behaved()


def test_a_click_on_a_mark_pins_it_and_the_keyboard_does_too(opened: Open) -> None:
    shown = opened(render(sample_result(), vega()))
    page = shown.page
    page.locator("#front .role-mark.mark-symbol path[aria-label*=recommended]").click()
    pinned = page.locator("#pinned tr").first.locator("th")
    assert pinned.all_text_contents() == ["", WINNER.id]
    assert page.locator(f"button[data-pin='{WINNER.id}']").get_attribute("aria-pressed") == "true"
    other = page.locator("button[data-pin]").first
    other.focus()
    page.keyboard.press("Enter")
    assert pinned.all_text_contents() == ["", WINNER.id, sample_result().rows[0].profile.id]
    lines = [row.locator("th, td").all_text_contents() for row in page.locator("#pinned tr").all()]
    assert ["file", "6.53 MB -20.8 %", "8.25 MB"] in lines
    page.locator("button[data-pin]").nth(3).click()
    assert len(pinned.all_text_contents()) == 3
    pressed = page.locator("button[data-pin][aria-pressed=true]")
    for left in (1, 0):
        pressed.first.click()
        assert pressed.count() == left
    assert page.locator("#pinned").inner_text() == ""
    shown.behaved()


def test_pointing_at_a_mark_shows_its_profile(opened: Open) -> None:
    shown = opened(render(sample_result(), vega()))
    shown.page.locator("#front .role-mark.mark-symbol path[aria-label*=recommended]").hover()
    tip = shown.page.locator(".tip")
    tip.wait_for(state="visible")
    assert WINNER.id in tip.inner_text()
    assert "-7.9 % faster" in tip.inner_text()


def test_the_claims_are_filtered(opened: Open) -> None:
    shown = opened(render(sample_result(), vega()))
    rows = shown.page.locator("#claims tbody tr")
    every = rows.count()
    shown.page.fill("input[data-table=claims]", "thin lto")
    seen = [row.inner_text().lower() for row in rows.all() if row.is_visible()]
    assert 0 < len(seen) < every
    assert all("thin" in text and "lto" in text for text in seen)


def test_the_data_are_saved(opened: Open) -> None:
    shown = opened(render(sample_result(), vega()))
    with shown.page.expect_download() as saved:
        shown.page.click("#save")
    assert json.loads(Path(saved.value.path()).read_text())["package"] == "fd-find"
    with shown.page.expect_download() as saved:
        shown.page.click("#save-csv")
    lines = Path(saved.value.path()).read_text().splitlines()
    assert lines[0].startswith('"profile","known as","file"')
    assert len(lines) == len(sample_result().rows) + 1
    shown.behaved()


@pytest.mark.parametrize(("name", "width", "dark"), LOOKS)
def test_it_fits_and_follows_light_and_dark(opened: Open, name: str, width: int, dark: bool) -> None:
    shown = opened(render(linked_result(), vega()), width=width, dark=dark)
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= width
    wanted = shown.page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--text').trim()")
    assert wanted == ("#ece9e3" if dark else "#1d1c1a")
    names = shown.page.locator("#front .role-mark.mark-text text").first
    assert names.get_attribute("fill") == wanted
    path = picture(f"report-{name}")
    shown.page.screenshot(path=path, full_page=True)
    assert path.stat().st_size > 50_000


@pytest.mark.parametrize(("name", "width", "dark"), LOOKS)
def test_the_pictures_of_the_docs_are_made(opened: Open, name: str, width: int, dark: bool) -> None:
    result = json_report.decode((ROOT / "docs" / "cases" / "ripgrep.json").read_bytes())
    page = opened(render(result, vega()), width=width, dark=dark).page
    # In the dark the candidates, else the top down to the chart.
    if dark:
        page.locator("section", has=page.locator("#front")).screenshot(path=picture(f"ripgrep-{name}"))
        return
    chart = page.locator("#front").bounding_box()
    assert chart is not None
    clip = {"x": 0, "y": 0, "width": width, "height": chart["y"] + chart["height"]}
    page.screenshot(path=picture(f"ripgrep-{name}"), full_page=True, clip=clip)


def test_the_pictures_of_the_docs_are_small_and_shown() -> None:
    kept = sorted((ROOT / "docs" / "pictures").iterdir())
    assert [path.stem for path in kept] == sorted(f"ripgrep-{name}" for name, *_ in LOOKS)
    assert max(path.stat().st_size for path in kept) < 200_000
    page = (ROOT / "docs" / "commands" / "report.md").read_text(encoding="utf-8")
    assert all(f"(../pictures/{path.name})" in page for path in kept)


def test_it_prints_with_its_drawings(opened: Open) -> None:
    shown = opened(render(sample_result(), vega()), dark=True)
    printed = shown.page.pdf(print_background=True)
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") >= 2
    shown.behaved()


def test_others_names_are_text(opened: Open) -> None:
    shown = opened(render(hostile_result(), vega()))
    assert printable(HOSTILE) in shown.page.locator("h1").inner_text()
    assert shown.page.locator("a, img, iframe").count() == 0
    shown.behaved()


def test_without_script_the_verdict_and_the_tables_are_there(browser: "Browser", tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(render(sample_result(), vega()), encoding="utf-8")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    assert "lto = fat" in page.locator("h1").inner_text()
    assert page.locator("tbody tr").count() > 6
    context.close()
