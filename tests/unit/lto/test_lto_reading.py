from hypothesis import given
from hypothesis import strategies as st

from burnish.lto.reading import shared_out


@given(st.lists(st.integers(0, 50_000_000), max_size=40), st.integers(1, 64))
def test_every_file_is_read_once_and_no_process_for_next_to_nothing(sizes: list[int], jobs: int) -> None:
    shares = shared_out(list(enumerate(sizes)), jobs)
    assert sorted(number for share in shares for number in share) == list(range(len(sizes)))
    assert len(shares) <= max(1, min(jobs, sum(sizes) // 2_000_000))
    assert all(shares)


def test_files_are_shared_out_by_size() -> None:
    files = list(enumerate([9_000_000, 3_000_000, 3_000_000, 3_000_000]))
    assert sorted(map(sorted, shared_out(files, 2))) == [[0], [1, 2, 3]]
