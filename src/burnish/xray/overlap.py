"""What codegen-units = 1 and fat link-time optimization give each, and how much of it both give. Pure."""

from dataclasses import dataclass

from burnish.xray.known import crate_of_module, own_crates
from burnish.xray.picture import Picture


@dataclass(frozen=True, kw_only=True, slots=True)
class Corner:
    """One of four builds: bytes of the file without symbols, and of its code.

    ``modules``: codegen units of the program's own crates before the link, ``crates`` of how many crates; None where
    the link was not burnish's.
    """

    name: str
    size: int
    code: int
    modules: int | None
    crates: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Overlap:
    """Four builds: without LTO and fat, each with codegen units as set and with one.

    `shared` is what fat no longer has to do once there is one unit for each crate: what each saves alone, less what
    both save together. Negative where they help each other.
    """

    none: Corner
    one: Corner
    fat: Corner
    both: Corner

    @property
    def by_one(self) -> int:
        return self.none.size - self.one.size

    @property
    def by_fat(self) -> int:
        return self.none.size - self.fat.size

    @property
    def together(self) -> int:
        return self.none.size - self.both.size

    @property
    def shared(self) -> int:
        return self.by_one + self.by_fat - self.together


def corner(picture: Picture) -> Corner:
    """A build of the four."""
    anatomy, decisions = picture.anatomy, picture.decisions
    own = None if decisions is None else own_crates([crate_of_module(module.source) for module in decisions.modules])
    return Corner(
        name=picture.mode or picture.title,
        size=anatomy.stripped,
        code=sum(row.file for row in anatomy.sections if row.kind == "code"),
        modules=None if own is None else len(own),
        crates=None if own is None else len(set(own)),
    )
