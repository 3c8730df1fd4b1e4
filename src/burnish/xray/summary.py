"""A picture of a link in short, as a tune's result keeps it. Pure."""

from collections import Counter
from typing import Final

from burnish.profile.profile import Profile
from burnish.tune.result import Crossing, InlinedFunction, LinkPicture, Loss
from burnish.xray.picture import Picture
from burnish.xray.vanished import Way
from burnish.xray.views import Views

#: Rows that are kept: pairs of crates, and functions.
ROWS: Final = 12


def summary(picture: Picture, name: str, profile: Profile) -> LinkPicture:
    """What the link took away and brought across crates, in figures; ``name`` says whose profile it is."""
    views = Views(picture)
    facts, crossed, vanished = views.facts, views.crossed, views.vanished
    if facts is None or crossed is None or vanished is None:
        return LinkPicture(name=name, profile=profile, missing=views.missing)
    calls = Counter({(row.source, row.target): row.calls for row in crossed.inlined_pairs})
    imports = Counter({(row.source, row.target): row.imports for row in crossed.pairs})
    # What std's crates do among themselves is the same in every program.
    told = [pair for pair in {*calls, *imports} if facts.own.intersection(pair)]
    order = sorted(told, key=lambda pair: (-calls[pair], -imports[pair], pair))
    return LinkPicture(
        name=name,
        profile=profile,
        modules=crossed.modules,
        crates=crossed.crates,
        units=crossed.units,
        calls=crossed.calls,
        standard_calls=crossed.standard_calls,
        imports=sum(imports.values()),
        functions=vanished.functions,
        left=vanished.left,
        losses=tuple(
            Loss(
                way=str(way),
                meaning=way.meaning,
                functions=vanished.count(way),
                size=vanished.size(way) if vanished.fit is not None else None,
                error=vanished.error(way) if vanished.fit is not None else None,
            )
            for way in Way
        ),
        crossings=tuple(
            Crossing(source=pair[0], target=pair[1], calls=calls[pair], imports=imports[pair]) for pair in order[:ROWS]
        ),
        inlined=tuple(
            InlinedFunction(name=row.function, crates=row.crates, calls=row.calls) for row in crossed.inlined[:ROWS]
        ),
        missing=views.missing,
    )
