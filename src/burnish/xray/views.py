"""The answers to the questions that a picture is made for, all of one picture. Pure."""

from enum import StrEnum
from functools import cached_property

from burnish.xray.crossed import Crossed, crossed
from burnish.xray.known import Known, crate_of_module, known
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


class Views:
    """The answers, each worked out when it is first asked for, so that the first can be shown before the last is known.

    An answer is None where the picture does not tell: then ``missing`` says why.

    Args:
        crate: only what concerns it; empty: all.
        min_bytes: rows of `made` that are smaller are left out.
    """

    def __init__(self, picture: Picture, *, crate: str = "", min_bytes: int = 0) -> None:
        self._picture, self._min_bytes = picture, min_bytes
        self.crate = crate

    @property
    def title(self) -> str:
        return self._picture.title

    @property
    def mode(self) -> str:
        return self._picture.mode

    @property
    def missing(self) -> tuple[str, ...]:
        return self._picture.missing

    @cached_property
    def facts(self) -> Known | None:
        """The picture's tables as definitions and calls."""
        return known(self._picture)

    @cached_property
    def crossed(self) -> Crossed | None:
        return None if self.facts is None else crossed(self.facts, self.crate)

    @cached_property
    def vanished(self) -> Vanished | None:
        return None if self.facts is None else vanished(self.facts, self.crate)

    @cached_property
    def made(self) -> Made:
        return made_of(self._picture.anatomy, self.crate, self._min_bytes)

    @cached_property
    def road(self) -> Road | None:
        return road(self._picture)


def crates_of(picture: Picture) -> frozenset[str]:
    """All crates that the picture speaks of."""
    named = () if picture.names is None else picture.names.crates
    linked = () if picture.decisions is None else [crate_of_module(each.source) for each in picture.decisions.modules]
    return frozenset((*picture.anatomy.crates, *named, *linked))


def tell(picture: Picture, asked: str) -> Story:
    """The story of a function; of a program without a link's decisions, what is left of it."""
    facts = known(picture)
    return anatomy_story(picture.anatomy, asked) if facts is None else story(facts, asked)
