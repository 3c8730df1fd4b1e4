from dataclasses import replace

import pytest
from test_audit import crate

from burnish.build.cost import Calibration, calibrate, estimated, measured

LIBRARY = replace(crate("--crate-type", "lib", "-C", "opt-level=3"), user=8.0, sys=2.0, wall=10.0, maxrss=300)
HOST = replace(crate("--crate-type", "lib"), user=3.0, sys=1.0, wall=4.0, maxrss=200)
FINAL = replace(crate("--crate-type", "bin", "-C", "opt-level=3"), user=4.0, sys=1.0, wall=5.0, maxrss=400)
COLD = measured((LIBRARY, HOST), FINAL, cpu=20.0, wall=12.5, rebuild=5.5)


def test_the_estimate_of_a_plain_build_is_its_own_measured_cost() -> None:
    calibration = calibrate((LIBRARY, HOST), FINAL, COLD)
    again = estimated((LIBRARY, HOST), FINAL, calibration, bitcode_only=False)
    assert again.cpu == pytest.approx(COLD.cpu)
    assert again.wall == pytest.approx(COLD.wall)
    assert again.peak_memory == COLD.peak_memory == 400
    assert (again.estimated, COLD.estimated) == (True, False)


def test_what_was_no_rustc_is_learnt_and_counted() -> None:
    assert calibrate((LIBRARY, HOST), FINAL, COLD).other_cpu == pytest.approx(1.0)
    assert calibrate((LIBRARY, HOST), FINAL, COLD).parallelism == pytest.approx(15 / 7.5)


def test_libraries_as_bitcode_alone_cost_less_and_host_crates_do_not() -> None:
    calibration = Calibration(bitcode_factor=0.7)
    both = estimated((LIBRARY, HOST), FINAL, calibration, bitcode_only=False)
    bitcode = estimated((LIBRARY, HOST), FINAL, calibration, bitcode_only=True)
    assert both.cpu - bitcode.cpu == pytest.approx(0.3 * LIBRARY.cpu)
