from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from programs import Source, Value, resolve, summary_of

from burnish.errors import UnsupportedError
from burnish.lto.backend import Codegen, Road
from burnish.lto.decide.index import combine
from burnish.lto.decide.plan import decide
from burnish.lto.decide.thinlink import ThinLink, thin_link
from burnish.lto.modules import ModuleSummary
from burnish.lto.planning import Program, check_modules, partition, unit_names
from burnish.lto.producing import living_units
from burnish.lto.settings import Lto, Mode

MAIN = Source(name="main", values=(Value(name="main", calls=("one",)),))
ONE = Source(name="one", values=(Value(name="one", size=30), Value(name="unused")))
DEAD = Source(name="dead", values=(Value(name="nobody"),))


def modules(*sources: Source) -> list[ModuleSummary]:
    return [summary_of(source) for source in sources]


def linked(sources: Sequence[Source]) -> ThinLink:
    return thin_link(combine(modules(*sources)), resolve(sources), list(range(len(sources))))


def program(sources: Sequence[Source], lto: Lto, *, cores: int = 2) -> Program:
    link = linked(sources)
    return Program(
        plan=decide(link, partition(link, lto, cores)),
        objects=[],
        labels=[source.name for source in sources],
        sizes=[],
        digests=[],
        codegen=Codegen(triple="x86_64-unknown-linux-gnu"),
        producer="LLVM22",
        toolchain="LLVM22",
        library=Path(),
        road=Road(lto.mode),
        parts=1,
    )


def test_modules_of_one_toolchain_give_its_triple_and_producer() -> None:
    assert check_modules(modules(MAIN, ONE), ["main", "one"]) == ("x86_64-unknown-linux-gnu", "LLVM22")


@pytest.mark.parametrize(
    ("module", "words"),
    [
        pytest.param({"producer": "LLVM17.0.6"}, ("one was written by LLVM17.0.6", "main by LLVM22"), id="producer"),
        pytest.param({"triple": "aarch64-unknown-linux-gnu"}, ("one is for aarch64", "main for x86_64"), id="triple"),
        pytest.param({"version": 0}, ("one has no summary",), id="no summary"),
    ],
)
def test_a_module_that_does_not_fit_is_named_with_what_it_is(module: dict[str, object], words: tuple[str, ...]) -> None:
    first, other = modules(MAIN, ONE)
    with pytest.raises(UnsupportedError) as caught:
        check_modules([first, replace(other, **module)], ["main", "one"])  # type: ignore[arg-type]
    for word in words:
        assert word in caught.value.message


def test_a_link_without_modules_is_none_of_the_engines_business() -> None:
    with pytest.raises(UnsupportedError, match="no module takes part"):
        check_modules([], [])


@pytest.mark.parametrize(
    ("lto", "units"),
    [
        pytest.param(Lto(mode=Mode.THIN), [0, 1, 2], id="thin: one each"),
        pytest.param(Lto(mode=Mode.FAT), [0, 0, 0], id="fat: one for all"),
        pytest.param(Lto(mode=Mode.GROUPED, groups=1), [0, 0, 0], id="one group"),
        pytest.param(Lto(mode=Mode.GROUPED, groups=9), [0, 1, 2], id="more groups than modules"),
    ],
)
def test_the_mode_says_which_modules_share_a_unit(lto: Lto, units: list[int]) -> None:
    assert partition(linked((MAIN, ONE, DEAD)), lto, 2).tolist() == units


@pytest.mark.parametrize(
    ("lto", "names"),
    [
        pytest.param(Lto(mode=Mode.THIN), ["main", "one", "dead"], id="thin"),
        pytest.param(Lto(mode=Mode.FAT), ["all"], id="fat"),
        pytest.param(Lto(mode=Mode.GROUPED, groups=1), ["group 1 of 1"], id="a group of several"),
    ],
)
def test_a_unit_is_named_after_its_module_or_group(lto: Lto, names: list[str]) -> None:
    assert unit_names(program((MAIN, ONE, DEAD), lto)) == names


def test_units_where_nothing_lives_are_left_out() -> None:
    assert living_units(program((MAIN, DEAD, ONE), Lto(mode=Mode.THIN))) == [(0, "main"), (2, "one")]


def test_a_dead_unit_with_assembly_stays() -> None:
    assembly = Source(name="assembly", values=(Value(name="nobody"),), assembly=("start",))
    assert living_units(program((MAIN, ONE, assembly), Lto(mode=Mode.THIN))) == [
        (0, "main"),
        (1, "one"),
        (2, "assembly"),
    ]


def test_definitions_and_the_living_among_them_are_counted_by_module() -> None:
    definitions, live = program((MAIN, ONE, DEAD), Lto(mode=Mode.THIN)).counts()
    assert (definitions, live) == ([1, 2, 1], [1, 1, 0])
