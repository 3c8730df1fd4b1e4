"""Counting a run: perf's output as it is (by a script that stands for perf), and valgrind for real where it is."""

import os
import shutil
from pathlib import Path

import pytest

from burnish.measure.instructions import Counter, Counts, count, find_counter

pytestmark = pytest.mark.cargo

# What perf 6.1 writes with -x.
PERF = """\
#!/bin/sh
while [ "$1" != -- ]; do [ "$1" = -o ] && output=$2; shift; done; shift
echo "7,,instructions:u,these are the program's own words" >&2
"$@" || exit $?
cat > "$output" <<'END'
{lines}
END
"""
FULL = "1201507,,instructions:u,1032550,100.00,1.31,insn per cycle\n917196,,cycles:u,1032550,100.00,,"
NO_CYCLES = "1201507,,instructions:u,1032550,100.00,,\n<not supported>,,cycles:u,0,100.00,,"
NOTHING = "<not supported>,,instructions:u,0,100.00,,\n<not supported>,,cycles:u,0,100.00,,"


def stands_for_perf(directory: Path, lines: str) -> dict[str, str]:
    script = directory / "perf"
    script.write_text(PERF.format(lines=lines))
    script.chmod(0o755)
    return {"PATH": f"{directory}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize(
    ("lines", "counts"),
    [
        pytest.param(FULL, Counts(instructions=1201507, cycles=917196), id="all"),
        pytest.param(NO_CYCLES, Counts(instructions=1201507), id="no cycles"),
    ],
)
def test_perf_gives_instructions_and_cycles(tmp_path: Path, lines: str, counts: Counts) -> None:
    environment = stands_for_perf(tmp_path, lines)
    assert find_counter("auto", environment) is Counter.PERF
    assert count(Counter.PERF, ["true"], str(tmp_path), environment, timeout=10) == counts
    assert count(Counter.PERF, ["false"], str(tmp_path), environment, timeout=10) is None


def test_a_perf_without_counters_is_none(tmp_path: Path) -> None:
    environment = stands_for_perf(tmp_path, NOTHING)
    assert find_counter("auto", environment) is not Counter.PERF
    assert find_counter("perf", environment) is Counter.NONE


def test_valgrind_counts_all_processes_and_much_the_same_each_time(tmp_path: Path) -> None:
    if shutil.which("valgrind") is None:
        pytest.skip("there is no valgrind")
    environment = dict(os.environ)

    def counted(*argv: str) -> int:
        found = count(Counter.VALGRIND, argv, str(tmp_path), environment, timeout=60)
        assert found is not None
        assert found.cycles is None
        return found.instructions

    one, again = counted("/bin/true"), counted("/bin/true")
    assert one == pytest.approx(again, rel=0.02)
    assert counted("/bin/sh", "-c", "/bin/true; /bin/true; /bin/true") > 3 * one * 0.98
