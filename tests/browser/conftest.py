"""A real Chromium, headless. Where there is none, or no Playwright, these tests say that they skip."""

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Dialog, Page

# The results and pictures that are rendered.
sys.path += [str(Path(__file__).parents[1] / "unit"), str(Path(__file__).parents[1] / "unit" / "xray")]

#: No background traffic: a request that is seen is the page's own.
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Chromium, one for the tests of a module: others look for children that were left behind."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=program, args=list(FLAGS))
        yield found
        found.close()


class Opened:
    """A page under test, and what it did that it must not do."""

    def __init__(self, page: "Page", path: Path) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self._note(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self.asked.append(request.url))
        page.goto(path.as_uri())
        # Each place is drawn, by Vega's own word.
        page.wait_for_function("[...document.querySelectorAll('.drawing')].every(place => place.dataset.drawn)")
        self.address = path.as_uri()

    def _note(self, words: str) -> None:
        self.said.append(words)

    def _dialog(self, dialog: "Dialog") -> None:
        self._note(f"dialog: {dialog.message}")
        dialog.dismiss()

    def behaved(self) -> None:
        """No word on the console, and no request but for the file itself and its own blobs."""
        assert self.said == []
        assert [each for each in self.asked if each != self.address and not each.startswith("blob:")] == []


@pytest.fixture
def opened(browser: "Browser", tmp_path: Path) -> "Iterator[Callable[..., Opened]]":
    """Opens a page's text: ``opened(text, width=390, dark=True)``."""
    contexts: list[BrowserContext] = []

    def make(text: str, *, width: int = 1100, dark: bool = False) -> Opened:
        path = tmp_path / f"page-{len(contexts)}.html"
        path.write_text(text, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", accept_downloads=True
        )
        contexts.append(context)
        return Opened(context.new_page(), path)

    yield make
    for context in contexts:
        context.close()
