"""What xray says, on every kind of paper: within its width, nothing of the input taken at its word, all of it there."""

import html.parser
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_pictures import DEAD, HARM, LARGE, MAIN, SMALL, picture

from burnish.report import xray, xray_diff, xray_html, xray_json, xray_story
from burnish.xray.picture import Picture
from burnish.xray.vanished import Way
from burnish.xray.views import Part, Views, crates_of, tell

#: Stands for Vega; the page takes it as it is.
BUNDLE = "window.vegaEmbed = () => Promise.resolve('</script><!--');"


def text(shown: Picture, width: int = 80, **options: Any) -> str:
    return "".join(xray.render(Views(shown), width=width, **options))


def test_the_link_made_by_hand_is_told_as_it_is() -> None:
    views = Views(picture("dep::large"))
    assert views.crossed is not None
    assert views.vanished is not None
    assert [(row.function, row.into, row.limit) for row in views.crossed.imported] == [("dep::small", ("app",), 100)]
    (reason,) = views.crossed.reasons
    assert (reason.word, reason.functions[0].function, reason.functions[0].instructions) == (
        "TooLarge",
        "dep::large",
        170,
    )
    (inlined,) = views.crossed.inlined
    assert (inlined.function, inlined.into, inlined.costs, inlined.thresholds) == (
        "dep::small",
        ("app::main",),
        (-5, -5),
        (225, 225),
    )
    (kept,) = views.crossed.kept
    assert (kept.function, kept.caller, kept.reason) == ("dep::large", "app::main", "unavailable definition")
    assert {(row.name, row.way) for row in views.vanished.gone} == {
        ("dep::small", Way.INLINED),
        ("dep::dead", Way.DEAD),
    }
    # Too few functions to say what an instruction costs.
    assert views.vanished.fit is None
    assert {row.size for row in views.vanished.gone} == {0}
    assert views.made.loose == 10
    assert [(row.name, row.retained) for row in views.made.retained] == [("app::main", 990)]


def test_a_crate_alone() -> None:
    views = Views(picture("dep::large"), crate="app")
    assert {row.crate for row in views.made.functions} == {"app"}
    assert views.vanished is not None
    assert views.vanished.gone == ()
    assert crates_of(picture()) == {"app", "dep"}


@pytest.mark.parametrize(
    ("asked", "number"),
    [("app::main", MAIN), ("small", SMALL), ("dep::large", LARGE), ("dead", DEAD)],
)
def test_the_story_of_each(asked: str, number: int) -> None:
    (copy,) = tell(picture("dep::large"), asked).copies
    assert copy.mangled == f"m{number}"
    assert copy.live == (number != DEAD)
    assert [wish.refusal for wish in copy.wishes] == {SMALL: [""], LARGE: ["TooLarge"]}.get(number, [])
    assert [site.inlined for site in copy.sites] == {SMALL: [True], LARGE: [False]}.get(number, [])
    assert [left.size for left in copy.left] == {MAIN: [300], LARGE: [690]}.get(number, [])
    assert copy.way == {SMALL: Way.INLINED, DEAD: Way.DEAD}.get(number)


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("link", [True, False])
def test_no_line_is_wider_than_the_terminal(width: int, link: bool) -> None:
    shown = picture("dep::" + "y" * 300, link=link)
    outputs = [text(shown, width), xray_diff.render(shown, shown, width=width)]
    outputs += [xray_story.render(tell(shown, "main"), width=width, listings=[["mov " + "z" * 300]])]
    for output in outputs:
        for line in output.splitlines():
            # A word that is longer than the line is not broken: it is to be copied.
            assert len(line) <= width or len(max(line.split(), key=len)) > width - 8, line


@given(st.text(max_size=60).filter(lambda name: name.strip()))
def test_nothing_in_a_name_moves_the_cursor(name: str) -> None:
    shown = picture(name)
    outputs = [text(shown), xray_diff.render(shown, picture("dep::large")), xray_story.render(tell(shown, name))]
    for output in outputs:
        assert all(each.isprintable() or each == "\n" for each in output)


@pytest.mark.parametrize("link", [True, False])
def test_json_has_the_names_as_they_are(link: bool) -> None:
    body = json.loads(xray_json.render(Views(picture(link=link)), tuple(Part)))
    assert HARM in {row["name"] for row in body["made-of"]["functions"]}
    assert (body["crossed"] is not None) == link
    cut = json.loads(xray_json.render(Views(picture(link=link)), (Part.MADE_OF,), top=1))
    assert len(cut["made-of"]["functions"]) == 1
    assert "crossed" not in cut


class Page(html.parser.HTMLParser):
    """The elements of a page, what it would fetch, and its text outside of scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts: list[str] = []
        self.outside: list[str] = []
        self.words: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "input", "br", "col"}:
            self.open.append(tag)
        if tag == "script":
            self.scripts.append("")
        self.outside += [str(value) for name, value in attrs if name in {"src", "href", "data", "action", "poster"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> too many"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.scripts[-1] += data
        else:
            self.words.append(data)


@pytest.mark.parametrize("link", [True, False])
def test_the_page_is_whole_and_fetches_nothing(link: bool) -> None:
    page = Page(xray_html.render(picture(link=link), vega=BUNDLE))
    assert page.open == []
    assert [each for each in page.outside if not each.startswith("#")] == []
    assert page.handlers == []
    # The drawings' data, Vega, and the page's own script: no name became a fourth.
    assert len(page.scripts) == 3
    assert "alert(1)" in " ".join(page.words)


def test_the_page_may_load_nothing() -> None:
    page = xray_html.render(picture(), vega=BUNDLE)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_the_drawings_have_the_rows_of_the_tables() -> None:
    page = Page(xray_html.render(picture("dep::large"), vega=BUNDLE))
    specs = json.loads(page.scripts[0])
    assert set(specs) == {"graph", "map"}
    assert "dep" in json.dumps(specs["graph"])
    assert "dep::large" in json.dumps(specs["map"])


def test_a_program_that_nobody_recorded_says_so() -> None:
    assert "not known: see above" in text(picture(link=False))
    assert tell(picture("dep::large", link=False), "app::main").copies[0].places == ()
