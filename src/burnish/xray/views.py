"""The answers to the questions that a picture is made for, all of one picture. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from burnish.xray.crossed import Crossed, crossed
from burnish.xray.known import known
from burnish.xray.made import Made, made_of
from burnish.xray.picture import Picture
from burnish.xray.road import Road, road
from burnish.xray.story import Story, anatomy_story, story
from burnish.xray.vanished import Vanished, vanished


class Part(StrEnum):
    """A question, by the name that asks it."""

    CROSSED = "crossed"
    VANISHED = "vanished"
    MADE_OF = "made-of"
    ROAD = "road"


@dataclass(frozen=True, kw_only=True, slots=True)
class Views:
    """The answers; None where they were not asked for, or the picture does not tell: then ``missing`` says why.

    Attributes:
        crate: the one asked for, empty: all.
    """

    title: str
    mode: str
    crate: str
    missing: tuple[str, ...]
    crossed: Crossed | None
    vanished: Vanished | None
    made: Made | None
    road: Road | None


def look(picture: Picture, *, parts: Sequence[Part] = tuple(Part), crate: str = "", min_bytes: int = 0) -> Views:
    """Answer the questions of ``parts``."""
    linked = {Part.CROSSED, Part.VANISHED} & set(parts)
    facts = known(picture) if linked else None
    return Views(
        title=picture.title,
        mode=picture.mode,
        crate=crate,
        missing=picture.missing,
        crossed=crossed(facts, crate) if facts is not None and Part.CROSSED in parts else None,
        vanished=vanished(facts, crate) if facts is not None and Part.VANISHED in parts else None,
        made=made_of(picture.anatomy, crate, min_bytes) if Part.MADE_OF in parts else None,
        road=road(picture) if Part.ROAD in parts else None,
    )


def crates_of(picture: Picture) -> frozenset[str]:
    """All crates that the picture speaks of."""
    named = () if picture.names is None else picture.names.crates
    return frozenset((*picture.anatomy.crates, *named))


def tell(picture: Picture, asked: str) -> Story:
    """The story of a function; of a program without a link's decisions, what is left of it."""
    facts = known(picture)
    return anatomy_story(picture.anatomy, asked) if facts is None else story(facts, asked)
