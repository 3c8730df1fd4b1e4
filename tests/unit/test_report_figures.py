import math
import tomllib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from results import (
    BASELINE,
    HOSTILE,
    WINNER,
    hostile_result,
    row,
    sample_result,
    timed,
    unchanged_result,
    untimed_result,
)

from burnish.measure.values import Timing
from burnish.profile.options import Lto, OptLevel, Panic, Strip
from burnish.profile.profile import Profile
from burnish.report import sentences
from burnish.report.figures import (
    cells,
    common_parts,
    first_line,
    interval,
    profile_toml,
    recommended,
    select,
    short_id,
)
from burnish.report.formats import FORMATS
from burnish.report.printable import printable
from burnish.tune.result import Noise, OptionChange, Sharing, TuneResult


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain Größe", "plain Größe", id="kept"),
        pytest.param("a\tb", "a b", id="tab"),
        pytest.param("\x1b[31mred", r"\x1b[31mred", id="terminal-escape"),
        pytest.param("a\nb\r", r"a\nb\r", id="line-breaks"),
        pytest.param("\u202egpj.exe", r"\u202egpj.exe", id="direction-override"),
        pytest.param("\U000e0041", r"\U000e0041", id="invisible-tag"),
    ],
)
def test_untrusted_text_is_one_visible_line(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_the_first_line_is_the_first_that_says_something() -> None:
    assert first_line("\n  \n  error: no\n note") == "error: no"
    assert first_line("") == ""


def test_figures_are_compared_with_the_baseline() -> None:
    result = sample_result()
    shown = cells(result.rows[3], result)

    assert (shown.size, shown.size_change) == ("6.53 MB", "-20.8 %")
    assert (shown.time_words, shown.interval) == ("-7.9 % faster", "-9.2 to -6.6 %, n 40")
    assert shown.instructions == "-8.29 %"
    assert shown.names == ("recommended",)


def test_the_baseline_is_compared_with_nothing() -> None:
    result = sample_result()
    shown = cells(result.rows[0], result)

    assert (shown.size_change, shown.cpu_change, shown.memory_change, shown.interval) == ("", "", "", "")
    assert shown.time_words == "—"


def test_estimates_are_marked_and_measured_figures_are_not() -> None:
    result = sample_result()
    estimate, measured = cells(result.rows[3], result), cells(result.rows[0], result)

    assert {estimate.cpu[0], estimate.cpu_change[0], estimate.rebuild[0], estimate.memory[0]} == {"~"}
    assert "~" not in measured.cpu + measured.rebuild + measured.memory + estimate.size + estimate.time


def test_a_change_against_an_estimated_baseline_is_an_estimate() -> None:
    full = sample_result()
    base = replace(full.rows[0], cost=replace(full.rows[0].cost, estimated=True))
    plain = replace(full.rows[3], cost=replace(full.rows[3].cost, estimated=False))
    shown = cells(plain, replace(full, rows=(base, plain)))

    assert (shown.cpu[0], shown.cpu_change[0]) == ("2", "~")


def test_a_screened_time_is_an_estimate_without_a_word() -> None:
    result = sample_result()
    shown = cells(result.rows[6], result)

    assert (shown.time_words, shown.interval, shown.timing) == ("~+27.0 %", "screened", None)


def test_an_interval_without_an_end_is_no_interval() -> None:
    assert interval(timed(0.9, 0.0, math.inf, Timing.UNDECIDED, 1)) == "no interval, n 1"


def test_rows_worth_reading_come_first_and_the_rest_is_counted() -> None:
    result = sample_result()
    chosen = select(result)

    assert [each.profile for each in chosen.rows[:2]] == [BASELINE, WINNER]
    assert all(each.front or each.names for each in chosen.rows)
    assert len(chosen.rows) + chosen.others == len(result.rows)
    assert sentences.others(chosen.others).startswith("3 more candidates were built")
    assert sentences.others(1).startswith("1 more candidate was built, and is matched")
    assert sentences.others(0) == ""


def test_nothing_is_recommended_where_nothing_is_worth_changing() -> None:
    assert recommended(unchanged_result()) is None
    assert all("recommended" not in cells(each, unchanged_result()).names for each in unchanged_result().rows)


def test_ids_are_shortened_by_what_all_rows_share() -> None:
    rows = [row(f"{opt}-{lto}-cgu1-unwind-symbols", 1, 1, 1) for opt in ("o2", "o3") for lto in ("thin", "fat")]
    common = common_parts(rows)

    assert common == ("cgu1", "unwind", "symbols")
    assert [short_id(each.profile, common) for each in rows] == ["o2-thin", "o2-fat", "o3-thin", "o3-fat"]
    assert common_parts(rows[:1]) == ()
    assert short_id(BASELINE, BASELINE.id.split("-")) == BASELINE.id


def test_the_block_to_copy_has_the_changed_options_with_what_they_were() -> None:
    changes = (OptionChange(key="lto", old="false", new="fat"), OptionChange(key="opt-level", old="3", new="s"))
    block = profile_toml(Profile.parse("os-fat-cgu1-unwind-none"), "release", changes)

    assert block == '[profile.release]\nlto = "fat"  # was false\nopt-level = "s"  # was 3\n'


def test_an_option_to_leave_unset_is_a_comment() -> None:
    changes = (OptionChange(key="codegen-units", old="16", new="unset"),)

    assert profile_toml(Profile(), "dist", changes) == "[profile.dist]\n# codegen-units: remove the line (was 16)\n"


_PROFILES = st.builds(
    Profile,
    opt_level=st.sampled_from(OptLevel),
    lto=st.sampled_from(Lto),
    codegen_units=st.none() | st.integers(1, 256),
    panic=st.sampled_from(Panic),
    strip=st.sampled_from(Strip),
)


@given(_PROFILES, st.text(max_size=20), st.text(max_size=20))
def test_the_block_is_toml_that_says_the_profile_whatever_the_names(profile: Profile, name: str, old: str) -> None:
    changes = tuple(OptionChange(key=key, old=old, new="") for key in ("lto", "opt-level", "codegen-units"))
    for block in (profile_toml(profile, name), profile_toml(profile, name, changes)):
        ((_, table),) = tomllib.loads(block)["profile"].items()
        read = Profile(panic=profile.panic, strip=profile.strip)
        for key, value in table.items():
            read = read.with_value(key, str(value).lower())
        assert read == profile


def test_a_quiet_control_gives_the_floor_and_a_loud_one_a_warning() -> None:
    quiet = sentences.noise(sample_result())
    loud = sentences.noise(sample_result(noise=Noise(control=timed(1.03, 1.02, 1.04, Timing.SLOWER), floor=0.012)))

    assert quiet[1] == "Differences below 0.8 % cannot be seen here."
    assert "not quiet" in loud[0]
    assert "not quiet" not in quiet[0]


def test_missing_noise_is_said_where_there_is_a_workload_alone() -> None:
    assert "not known" in sentences.noise(sample_result(noise=None))[0]
    assert sentences.noise(untimed_result()) == ()


def test_unfaithful_sharing_says_what_was_done_instead() -> None:
    (line,) = sentences.sharing(sample_result(sharing=(Sharing(profile=WINNER, deviation=-0.0213, faithful=False),)))

    assert "differ by 2.13 %" in line
    assert "all candidates of lto = fat were built by plain cargo" in line


def test_a_long_reason_is_kept_whole_beside_its_first_line() -> None:
    long, short = sentences.failures(sample_result())

    assert long[1:] == ("error: linking with `cc` failed: exit status: 1", sample_result().failures[0].reason.strip())
    assert short[2] == ""


@pytest.mark.parametrize("render", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("make", [sample_result, untimed_result, unchanged_result, hostile_result])
def test_every_format_renders_every_kind_of_result_the_same_each_time(
    render: Callable[[TuneResult], str], make: Callable[[], TuneResult]
) -> None:
    text = render(make())

    assert text == render(make())
    assert text.endswith("\n")
    assert "\x1b" not in text
    if render not in (FORMATS["json"], FORMATS["hyperfine"]):
        assert "\u202e" not in text.split('<script type="application/json"')[0]


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
def test_every_format_says_plainly_that_run_time_was_not_measured(name: str) -> None:
    words = "sizes and build costs alone; run time was not measured"

    assert words in " ".join(FORMATS[name](untimed_result()).split())
    assert words not in " ".join(FORMATS[name](sample_result()).split())


def test_hostile_text_would_be_active_if_it_were_not_escaped() -> None:
    assert {"<", "\x1b", "`", "|", "@", "\n", "\u202e"} <= set(HOSTILE)
