"""What options contribute: exact where it was built, marked where the model says it, and sums that hold."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results import row, sample_result, timed

from burnish.measure.values import Comparison, Timing
from burnish.profile.profile import CARGO_DEFAULT, Profile
from burnish.report import sentences
from burnish.tune.contributions import METRICS, contributions, stripping, waterfall
from burnish.tune.result import Row

SIZE = METRICS[0]
BASE, FAT, ONE, BOTH = (
    f"o3-{lto}-cgu{units}-unwind-debuginfo"
    for units, lto in (("def", "false"), ("def", "fat"), ("1", "false"), ("1", "fat"))
)


def built(identifier: str, stripped: int) -> Row:
    made = row(identifier, 2 * stripped, 10.0, 1)
    return replace(made, size=replace(made.size, stripped=stripped))


GRID = [
    built(BASE, 1000),
    built(FAT, 910),
    built(ONE, 900),
    built(BOTH, 850),
    built("os-false-cgudef-unwind-debuginfo", 800),
]


def test_the_overlap_of_two_options() -> None:
    found = contributions(GRID, SIZE, Profile.parse(BOTH))
    assert found is not None
    assert {each.changes: round(each.ratio, 3) for each in found.alone} == {
        (("lto", "fat"),): 0.91,
        (("codegen-units", "1"),): 0.9,
    }
    (pair,) = found.pairs
    assert pair.measured
    assert pair.both.ratio == pytest.approx(0.85)
    # 9 % alone, 10 % alone, 15 % together: 4 % are done by either.
    assert pair.overlap == pytest.approx(0.04)


def test_what_was_not_built_is_expected_with_an_interval() -> None:
    without = [each for each in GRID if each.profile.id != ONE]
    found = contributions(without, SIZE, Profile.parse(BOTH))
    assert found is not None
    one = next(each for each in found.alone if each.changes == (("codegen-units", "1"),))
    assert not one.measured
    assert one.low < one.ratio < one.high
    assert one.low < 0.95
    assert not found.pairs[0].measured


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(GRID[:3], id="too few builds"),
        pytest.param([], id="none"),
        pytest.param([GRID[0]] * 9, id="one code"),
    ],
)
def test_too_little_says_nothing(rows: list[Row]) -> None:
    assert not rows or contributions(rows, SIZE, Profile.parse(BOTH)) is None
    assert waterfall(rows, CARGO_DEFAULT, Profile.parse(BOTH)) == ()


def test_no_change_contributes_nothing() -> None:
    assert contributions(GRID, SIZE, Profile.parse(BASE)) is None
    assert waterfall(GRID, CARGO_DEFAULT, Profile.parse(BASE)) == ()


def test_the_way_goes_where_most_was_built() -> None:
    without = [each for each in GRID if each.profile.id != FAT]
    way = waterfall(without, CARGO_DEFAULT, Profile.parse(BOTH))
    assert [(step.change, step.value, step.measured) for step in way] == [
        (None, 1000, True),
        (("codegen-units", "1"), 900, True),
        (("lto", "fat"), 850, True),
    ]
    other = waterfall([each for each in GRID if each.profile.id != ONE], CARGO_DEFAULT, Profile.parse(BOTH))
    assert [step.change for step in other] == [None, ("lto", "fat"), ("codegen-units", "1")]


@given(st.lists(st.integers(500, 1500), min_size=5, max_size=5))
def test_the_steps_lead_from_the_start_to_the_end(sizes: list[int]) -> None:
    rows = [built(each.profile.id, size) for each, size in zip(GRID, sizes, strict=True)]
    way = waterfall(rows, CARGO_DEFAULT, Profile.parse(BOTH))
    assert (way[0].value, way[-1].value) == (sizes[0], sizes[3])
    assert all(step.value > 0 for step in way)


def test_stripping_is_a_step_of_its_own() -> None:
    assert stripping(GRID, Profile.parse(BASE), Profile.parse("o3-fat-cgu1-unwind-symbols")) == (2000, 1000)
    assert stripping(GRID, Profile.parse(BASE), Profile.parse(BOTH)) is None


@pytest.mark.parametrize(
    ("instructions", "time", "words"),
    [
        pytest.param(800, timed(0.9, 0.88, 0.92, Timing.FASTER), "takes longer", id="fewer, and not as much faster"),
        pytest.param(1000, timed(0.9, 0.88, 0.92, Timing.FASTER), "do more each", id="as many, and faster"),
        pytest.param(905, timed(0.9, 0.88, 0.92, Timing.FASTER), "", id="both say the same"),
        pytest.param(915, timed(0.9, 0.88, 0.91, Timing.FASTER), "", id="nearly"),
    ],
)
def test_where_instructions_and_time_disagree_it_is_explained(instructions: int, time: Comparison, words: str) -> None:
    base = replace(GRID[0], instructions=1000)
    other = replace(GRID[1], instructions=instructions, time=time)
    found = sentences.instructions(replace(sample_result(), rows=(base, other)))
    assert len(found) == bool(words)
    assert all(words in line for line in found)
