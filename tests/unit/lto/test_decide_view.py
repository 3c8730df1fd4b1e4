import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from programs import Source, Value, programs, resolve, summary_of

from burnish.lto.decide.decisions import decisions_of
from burnish.lto.decide.index import combine
from burnish.lto.decide.plan import Plan, decide
from burnish.lto.decide.thinlink import thin_link
from burnish.lto.decide.view import plan_view, roots_view
from burnish.lto.modules import Linkage


def planned(sources: "list[Source] | tuple[Source, ...]") -> Plan:
    link = thin_link(combine([summary_of(source) for source in sources]), resolve(sources), range(len(sources)))
    return decide(link, np.arange(len(sources)))


def shown(sources: "list[Source] | tuple[Source, ...]") -> str:
    labels = [source.name for source in sources]
    return json.dumps(plan_view(decisions_of(planned(sources), labels=labels, names=labels)), indent=1)


PROGRAM = (
    Source(name="main.o", values=(Value(name="main", calls=("small", "large")),)),
    Source(
        name="lib.o",
        values=(
            Value(name="small", size=5, calls=("helper",)),
            Value(name="helper", size=71, linkage=Linkage.INTERNAL),
            Value(name="large", size=200),
            Value(name="unused"),
        ),
    ),
)


def test_the_view_tells_each_decision_and_why() -> None:
    view = json.loads(shown(PROGRAM))
    library, _ = view["modules"]
    assert library["fates"] == {"dead": 1, "promoted": 1, "hidden": 2}
    assert library["kept"] == {"large": "another unit refers to it", "small": "another unit refers to it"}
    assert list(library["promoted"]) == ["helper"]
    _, main = view["units"]
    assert main["imports"] == [
        {"name": "small", "from": "lib.o", "for": "main", "depth": 1, "threshold": 100, "instructions": 5}
    ]
    assert [(row["name"], row["reason"], row["threshold"], row["instructions"]) for row in main["refusals"]] == [
        ("helper", "TooLarge", 70, 71),
        ("large", "TooLarge", 100, 200),
    ]


def test_roots_are_told_by_name() -> None:
    assert roots_view(planned(PROGRAM)) == {"main": "visible"}


@given(programs(duplicates=False), st.randoms(use_true_random=False))
def test_the_order_of_modules_changes_nothing(program: tuple[Source, ...], random: "object") -> None:
    order = list(program)
    random.shuffle(order)  # type: ignore[attr-defined]
    assert shown(order) == shown(program)
