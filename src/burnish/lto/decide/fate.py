"""What can become of a definition in a link, in numbers and words; light to import for those who only read plans."""

from enum import IntEnum
from typing import Final


class Fate(IntEnum):
    """What becomes of a row; the first is of declarations."""

    NONE = 0
    DEAD = 1
    LOCAL = 2
    INTERNAL = 3
    PROMOTED = 4
    HIDDEN = 5
    VISIBLE = 6
    OTHER_COPY = 7
    KEPT = 8


#: The reason of each fate that has only one.
REASONS: Final = {
    Fate.DEAD: "nothing that lives refers to it",
    Fate.LOCAL: "local, and no other unit refers to it",
    Fate.INTERNAL: "no other unit, native code or dynamic symbol table refers to it",
    Fate.PROMOTED: "local, and another unit refers to it",
    Fate.HIDDEN: "another unit refers to it",
}
