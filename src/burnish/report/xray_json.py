"""What xray answers, as JSON: the views as they are, each list cut where a number of rows is asked for."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from burnish.xray.story import Story
from burnish.xray.views import Part, Views

#: Changes where a field loses its meaning.
VERSION: Final = 1

_FIELDS: Final = {Part.CROSSED: "crossed", Part.VANISHED: "vanished", Part.MADE_OF: "made", Part.ROAD: "road"}


def render(views: Views, parts: Sequence[Part], *, top: int | None = None) -> str:
    """The answers asked for by their names; null where the program does not tell."""
    body: dict[str, Any] = {
        "version": VERSION,
        "title": views.title,
        "lto": views.mode,
        "crate": views.crate,
        "missing": list(views.missing),
    }
    for part in parts:
        body[str(part)] = _cut(msgspec.to_builtins(getattr(views, _FIELDS[part])), top)
    return encode(body)


def render_story(found: Story, listings: Mapping[str, Sequence[str]]) -> str:
    """A function's story; ``listings`` the code that is left, by mangled name."""
    body = {"version": VERSION, **msgspec.to_builtins(found), "listings": {k: list(v) for k, v in listings.items()}}
    return encode(body)


def encode(body: object) -> str:
    """Any plain values, indented."""
    return msgspec.json.format(msgspec.json.encode(body), indent=1).decode() + "\n"


def _cut(value: Any, top: int | None) -> Any:  # noqa: ANN401  # plain values
    if top is None or not isinstance(value, dict):
        return value
    return {name: part[:top] if isinstance(part, list | tuple) else part for name, part in value.items()}
