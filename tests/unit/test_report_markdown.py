import re
from collections.abc import Callable

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options as cmarkgfmOptions
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from results import hostile_result, sample_result, unchanged_result, untimed_result

from burnish.report.markdown import code, escaped, render
from burnish.report.printable import printable
from burnish.tune.result import TuneResult

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
OWN_TAGS = {"br", "sub", "details", "summary"}


def plain(markdown: str) -> str:
    """The text a reader sees."""
    tokens = [child for token in PARSER.parse(markdown) for child in token.children or []]
    return "".join(token.content if token.type in {"text", "code_inline", "text_special"} else "?" for token in tokens)


@pytest.mark.parametrize("make", [sample_result, untimed_result, unchanged_result, hostile_result])
def test_rows_of_a_table_have_as_many_cells_as_its_head(make: Callable[[], TuneResult]) -> None:
    html = PARSER.render(render(make()))
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)

    assert len({len(re.findall(r"<t[hd]", each)) for each in rows}) == 1
    assert len(rows) > 2
    assert "<s>" not in html


def test_the_order_is_that_of_a_reviewer() -> None:
    text = render(sample_result())
    marks = [
        "### ",
        "```toml",
        "**Why**",
        "**Price**",
        "**Evidence**",
        "<summary>What each option does",
        "**Noise**",
        "<summary>Circumstances, and how to reproduce",
        "```sh",
    ]

    assert sorted(marks, key=text.index) == marks


@pytest.mark.parametrize("make", [sample_result, untimed_result, unchanged_result, hostile_result])
def test_github_renders_it(make: Callable[[], TuneResult]) -> None:
    """By cmark-gfm, GitHub's own renderer, raw HTML allowed as there, and its tag filter on."""
    html = cmarkgfm.github_flavored_markdown_to_html(render(make()), cmarkgfmOptions.CMARK_OPT_UNSAFE)

    assert html.count("<table>") == 1
    assert html.count("<details>") == html.count("</details>") >= 1
    # Lists and code within the folded parts are Markdown that was read, not text.
    folded = html.split("<details>", 1)[1]
    assert "<li>" in folded
    assert "- cpu" not in folded
    assert "**" not in re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL).replace("\\*", "")


def test_what_is_not_folded_fits_a_screen() -> None:
    shown = render(sample_result()).partition("<details>")[0]

    assert len(shown.splitlines()) <= 45


def test_others_names_add_no_tag_no_link_and_no_mention() -> None:
    text = render(hostile_result())
    html = PARSER.render(text)
    outside_code = re.sub(r"<code.*?</code>", "", html, flags=re.DOTALL)

    assert set(re.findall(r"<(\w+)", outside_code)) & {"script", "a", "img"} == set()
    assert {t.content.strip("</>").split(">")[0] for t in PARSER.parse(text) if t.type == "html_block"} <= OWN_TAGS
    assert not re.search(r"@\w", outside_code)
    assert "https://" not in outside_code


@given(st.text(max_size=60))
def test_escaped_text_reads_as_it_was(text: str) -> None:
    shown = "x" + text + "x"  # a paragraph begins and ends with no space

    assert plain(escaped(shown)).replace("\u200b", "") == re.sub(r"\s+\Z", "", printable(shown))


@given(st.text(alphabet="`ab |\\<", min_size=1, max_size=12).filter(str.strip))
def test_a_code_span_shows_its_text(text: str) -> None:
    tokens = PARSER.parse(code(text))[1].children

    assert [token.type for token in tokens or []] == ["code_inline"]
    assert (tokens or [])[0].content.strip() == text.strip()


def test_a_fence_is_longer_than_any_run_of_backticks_in_it() -> None:
    text = render(sample_result(reproduce=("echo ```` | cat",)))

    assert "`````sh\necho ```` | cat\n`````" in text
