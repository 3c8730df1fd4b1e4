"""Stored results as text, Markdown, JSON and HTML: each a pure function of a `TuneResult`."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from burnish.report import html, hyperfine, json, markdown, text
from burnish.tune.result import TuneResult

#: The renderer of each format, by the name the command line gives it.
FORMATS: Final[Mapping[str, Callable[[TuneResult], str]]] = MappingProxyType(
    {
        "text": text.render,
        "markdown": markdown.render,
        "json": json.render,
        "html": html.render,
        "hyperfine": hyperfine.render,
    }
)
