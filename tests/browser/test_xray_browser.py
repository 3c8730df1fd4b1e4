"""The page of xray in a real browser: drawn, the weight of edges chosen, tables filtered, nothing asked for."""

from collections.abc import Callable
from typing import Any

import pytest
from small_pictures import picture

import screenshots
from burnish.cli._vega import vega
from burnish.report import xray_html

pytestmark = pytest.mark.browser

Open = Callable[..., Any]


@pytest.mark.parametrize("link", [True, False], ids=["with its link", "a file alone"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_drawings_are_drawn_and_nothing_is_said_or_asked(opened: Open, link: bool, dark: bool) -> None:
    shown = opened(xray_html.render(picture(link=link), vega()), dark=dark)
    assert shown.page.locator("#map svg .mark-rect path").count() > 1
    if link:
        assert shown.page.locator("#graph svg .mark-symbol path").count() > 1
        shown.page.screenshot(path=screenshots.picture(f"xray-{'dark' if dark else 'light'}"), full_page=True)
    shown.behaved()


def test_the_weight_of_edges_is_chosen(opened: Open) -> None:
    shown = opened(xray_html.render(picture(), vega()))
    choice = shown.page.locator("#graph-weight")
    for value in choice.locator("option").evaluate_all("options => options.map(each => each.value)"):
        choice.select_option(value)
    shown.behaved()


def test_a_table_is_filtered(opened: Open) -> None:
    shown = opened(xray_html.render(picture(), vega()))
    box = shown.page.locator("input[data-table]").first
    rows = shown.page.locator(f"#{box.get_attribute('data-table')} tbody tr")
    assert rows.count() > 0
    box.fill("nothing has this name")
    assert not any(row.is_visible() for row in rows.all())
    box.fill("")
    assert all(row.is_visible() for row in rows.all())
