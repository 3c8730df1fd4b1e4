import pytest

from burnish.errors import UsageError
from burnish.measure.values import Kind
from burnish.tune.limits import Limits, effective_limits
from burnish.tune.result import Goal
from burnish.tune.settings import Table, for_artifact, merge, read_table, request
from burnish.units import format_bytes, format_change, format_seconds, parse_duration


def test_the_command_line_wins_key_by_key() -> None:
    manifest = read_table({"run": "{bin} a", "goal": "size", "budget": "3m"})
    merged = merge(manifest, Table(goal=Goal.SPEED))
    assert (merged.run, merged.goal, merged.budget) == ("{bin} a", Goal.SPEED, "3m")


def test_words_are_split_as_a_shell_does_and_no_shell_is_run() -> None:
    wanted = request(Table(run="{bin} 'a b' $HOME; rm"), cwd="/somewhere")
    assert wanted.workload is not None
    assert wanted.workload.argv == ("{bin}", "a b", "$HOME;", "rm")
    assert wanted.workload.cwd == "/somewhere"


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({"goals": "size"}, "goals"),
        ({"goal": "fast"}, "goal"),
        ({"run": 1}, "run"),
        ({"limits": {"time": "x"}}, "limits"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(raw: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        read_table(raw)
    assert "it takes run, bench, criterion" in caught.value.hint


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (Table(run="ls"), "has no {bin}"),
        (Table(run="'{bin}"), "cannot be split"),
        (Table(run="{bin}", check="size"), "--check does not know"),
        (Table(budget="0s"), "longer than zero"),
        (Table(limits={"speed": 1.0}), "no limit 'speed'"),
        (Table(limits={"time": -1.0}), "above zero"),
        (Table(allow=("anything",)), "--allow does not know anything"),
        (Table(fix={"ltoo": "fat"}), "no option 'ltoo'"),
        (Table(options={"lto": ()}), "no values"),
        (Table(instructions="magic"), "--instructions"),
        (Table(run="{bin}", bench="b"), "--run and --bench each name a workload"),
        (Table(bench="b", criterion="b"), "--bench and --criterion each name a workload"),
        (Table(run="{bin}", bench_args=("fib",)), "go to a bench, and none is named"),
        (Table(bench="b", goal=Goal.SIZE), "a bench executable is not"),
        (Table(criterion="b", instructions="perf"), "a count says nothing"),
    ],
)
def test_a_request_that_means_nothing_is_refused(table: Table, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        request(table, cwd="/")


def test_a_workload_that_is_given_replaces_the_manifests_whole() -> None:
    manifest = read_table({"criterion": "b", "bench-args": ["fib"], "budget": "3m"})
    program = merge(manifest, Table(run="{bin}"))
    assert (program.run, program.criterion, program.bench_args, program.budget) == ("{bin}", None, None, "3m")
    other = merge(manifest, Table(bench="b"))
    assert (other.bench, other.criterion, other.bench_args) == ("b", None, None)
    narrower = merge(manifest, Table(bench_args=("fib 20",)))
    assert (narrower.criterion, narrower.bench_args) == ("b", ("fib 20",))


def test_the_bench_of_the_manifest_is_no_workload_of_a_program_that_was_selected() -> None:
    manifest = read_table({"criterion": "b", "bench-args": ["fib"]})
    assert request(for_artifact(manifest, bench=False), cwd="/").workload is None
    found = request(for_artifact(manifest, bench=True), cwd="/").workload
    assert found is not None
    assert found.kind is Kind.CRITERION


def test_a_bench_is_started_as_cargo_bench_does_and_judged_by_its_exit_code() -> None:
    found = request(Table(bench="b", bench_args=("a b",)), cwd="/package")
    assert found.workload is not None
    assert found.workload.argv == ("{bin}", "--bench", "a b")
    assert (found.workload.check, found.workload.cwd, found.goal) == ("status", "/package", Goal.SPEED)
    assert request(Table(bench="b", check="stdout", goal=Goal.BUILD), cwd="/").goal is Goal.BUILD
    means = request(Table(criterion="b", bench_args=("fib",)), cwd="/")
    assert means.workload is not None
    assert means.workload.argv[:2] == ("{bin}", "--bench")
    assert means.workload.argv[-1] == "fib"
    assert means.instructions == "none"


def test_values_of_toml_are_read_as_the_ids_spell_them() -> None:
    wanted = request(Table(fix={"lto": True, "opt-level": 3}, options={"codegen-units": (1, "unset")}), cwd="/")
    assert wanted.narrowing.fixed == {"lto": "true", "opt-level": "3"}
    assert wanted.narrowing.values == {"codegen-units": ("1", "unset")}


def test_a_limit_of_the_user_replaces_the_goal_s_own_and_no_other() -> None:
    limits = effective_limits(Goal.BUILD, Limits(time=1.5))
    assert (limits.time, limits.size) == (1.5, effective_limits(Goal.BUILD, Limits()).size)


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("1h30m", 5400), (" 2M ", 120)])
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "10x", "-5s", "0", "1.2.3s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (format_seconds(0.00083), "0.83 ms"),
        (format_seconds(0.152), "152 ms"),
        (format_seconds(12.34), "12.3 s"),
        (format_seconds(247), "4 min 07 s"),
        (format_bytes(812), "812 B"),
        (format_bytes(445_904), "445.9 kB"),
        (format_bytes(999_960), "1.00 MB"),
        (format_bytes(12_340_000), "12.34 MB"),
        (format_change(0.93), "-7.0 %"),
        (format_change(0.99999), "0.0 %"),
        (format_change(2.5, digits=0), "+150 %"),
    ],
)
def test_figures_are_printed_with_their_unit(shown: str, expected: str) -> None:
    assert shown == expected
