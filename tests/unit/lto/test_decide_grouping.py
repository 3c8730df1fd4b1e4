import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from programs import Source, Value, resolve, summary_of

from burnish.lto.decide.grouping import contiguous, default_groups, largest_first, live_weights, one_each
from burnish.lto.decide.index import combine
from burnish.lto.decide.thinlink import thin_link

WEIGHTS = st.lists(st.integers(0, 50), min_size=1, max_size=12).map(lambda weights: np.array(weights, np.int64))


def heaviest(weights: "np.typing.NDArray[np.int64]", cuts: list[int]) -> int:
    return max(int(weights[start:end].sum()) for start, end in zip([0, *cuts], [*cuts, len(weights)], strict=True))


@given(WEIGHTS, st.integers(1, 15))
def test_groups_are_contiguous_and_as_many_as_asked_for(weights: "np.typing.NDArray[np.int64]", groups: int) -> None:
    found = contiguous(weights, groups)
    assert (np.diff(found) >= 0).all()
    assert np.unique(found).tolist() == list(range(min(groups, len(weights))))


@given(WEIGHTS, st.integers(1, 4))
def test_no_other_cut_makes_the_heaviest_group_lighter(weights: "np.typing.NDArray[np.int64]", groups: int) -> None:
    # A module counts one more than its instructions.
    weights += 1
    best = {1: int(weights.sum())}
    ends = np.cumsum(weights)
    table = ends.astype(np.int64)
    for count in range(2, groups + 1):
        table = np.array(
            [
                min([int(table[end]), *(max(int(table[cut]), int(ends[end] - ends[cut])) for cut in range(end))])
                for end in range(len(weights))
            ]
        )
        best[count] = int(table[-1])
    found = contiguous(weights - 1, groups)
    cuts = np.flatnonzero(np.diff(found)) + 1
    assert heaviest(weights, cuts.tolist()) == best[groups]


def test_no_modules_make_no_groups() -> None:
    assert contiguous(np.zeros(0, np.int64), 4).tolist() == []


@pytest.mark.parametrize(
    ("weights", "cores", "groups"),
    [
        pytest.param([100] * 50, 2, 4, id="two for each core"),
        pytest.param([100] * 50, 16, 32, id="on many cores as well"),
        pytest.param([600, 100, 100, 100], 8, 2, id="but none that ends long before the largest module"),
        pytest.param([100, 100, 100], 8, 3, id="nor more than there are modules"),
        pytest.param([100, 0, 0], 8, 1, id="of which dead ones do not count"),
        pytest.param([0, 0], 2, 1, id="nothing lives"),
        pytest.param([], 2, 1, id="no modules"),
    ],
)
def test_the_default_number_of_groups(weights: list[int], cores: int, groups: int) -> None:
    assert default_groups(np.array(weights, np.int64), cores) == groups


def test_weights_are_live_instructions() -> None:
    sources = (
        Source(name="a", values=(Value(name="main", size=7, calls=("f",)), Value(name="dead", size=1000))),
        Source(name="b", values=(Value(name="f", size=5), Value(name="dead_too", size=1000))),
    )
    link = thin_link(combine([summary_of(source) for source in sources]), resolve(sources), [0, 1])
    assert live_weights(link).tolist() == [7, 5]


def test_the_largest_goes_first_and_of_equals_the_first() -> None:
    assert largest_first(np.array([3, 9, 3, 10])) == (3, 1, 0, 2)


def test_thin_has_a_unit_for_each_module() -> None:
    assert one_each(3).tolist() == [0, 1, 2]
