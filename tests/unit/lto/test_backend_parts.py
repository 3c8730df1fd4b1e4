from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burnish.errors import LlvmError
from burnish.lto.backend import Codegen, Member, Road, Unit
from burnish.lto.do import label
from burnish.lto.do.output import unfinished, write_whole
from burnish.lto.do.slim import Slim, shares, worth_slimming
from burnish.lto.do.split import Definition, assign, suffix, unique_name
from burnish.lto.do.stages import StageLog
from burnish.lto.do.unit import machine_options, pipeline
from burnish.lto.do.worker import Done, Entered, Failed, read_line
from burnish.processes import describe_status

_DEFINITIONS = st.lists(
    st.builds(Definition, address=st.integers(1, 1 << 40), weight=st.integers(0, 500), pinned=st.booleans()),
    unique_by=lambda each: each.address,
)


def _unit(members: int = 1, road: Road = Road.THIN) -> Unit:
    names = [f"m{number}" for number in range(members)]
    return Unit(
        name="unit",
        members=tuple(Member(bitcode=Path(f"{name}.bc"), label=f"{name}.o") for name in names),
        outputs=(Path("unit.o"),),
        road=road,
    )


@given(_DEFINITIONS, st.integers(1, 8))
def test_every_function_has_one_part_and_pinned_ones_the_main_part(functions: list[Definition], parts: int) -> None:
    owner = assign(functions, parts)
    assert owner.keys() == {function.address for function in functions}
    assert all(0 <= part < parts for part in owner.values())
    assert all(owner[function.address] == 0 for function in functions if function.pinned)


@given(_DEFINITIONS, st.integers(1, 8))
def test_parts_differ_by_no_more_than_one_function_where_nothing_is_pinned(
    functions: list[Definition], parts: int
) -> None:
    free = [function for function in functions if not function.pinned]
    owner = assign(free, parts)
    loads = [sum(each.weight + 1 for each in free if owner[each.address] == part) for part in range(parts)]
    assert max(loads) - min(loads) <= max((each.weight + 1 for each in free), default=0)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param(b"_ZN3foo17h0123E", b"_ZN3foo17h0123E.llvm.77", id="plain"),
        pytest.param(b"_ZN3foo17h0123E.llvm.5", b"_ZN3foo17h0123E.llvm.577", id="promoted: one number only"),
    ],
)
def test_a_local_gets_a_name_that_demanglers_shorten(name: bytes, expected: bytes) -> None:
    assert unique_name(name, b"77") == expected


def test_units_give_different_suffixes_and_always_the_same() -> None:
    assert suffix("a") == suffix("a")
    assert suffix("a") != suffix("b")
    assert suffix("a").isdigit()


@given(st.lists(st.integers(0, 1000), max_size=30), st.integers(1, 5))
def test_each_copy_is_in_one_share(sizes: list[int], workers: int) -> None:
    copies = [
        Slim(
            bitcode=Path(str(number)),
            label=str(number),
            size=size,
            out=Path(f"{number}.out"),
            keep=frozenset(),
            strip_debug=False,
        )
        for number, size in enumerate(sizes)
    ]
    found = shares(copies, workers)
    assert sorted(copy.label for share in found for copy in share) == sorted(copy.label for copy in copies)
    assert len(found) <= workers
    assert all(found)


@pytest.mark.parametrize(
    ("size", "importers", "worth"),
    [
        pytest.param(5_000_000, 200, True, id="std of a large program"),
        pytest.param(5_000_000, 3, False, id="std after an edit"),
        pytest.param(100_000, 20, False, id="a module of a dependency"),
    ],
)
def test_a_copy_is_made_where_many_import_much(size: int, importers: int, worth: bool) -> None:
    assert worth_slimming({7: size}, {7: importers, 8: 1000}) == [7] * worth


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param(1, "unit: m0.o", id="one"),
        pytest.param(3, "unit: m0.o, m1.o, m2.o", id="three"),
        pytest.param(5, "unit: m0.o, m1.o, m2.o and 2 more", id="more"),
    ],
)
def test_a_unit_is_named_with_its_first_modules(members: int, expected: str) -> None:
    assert label(_unit(members)) == expected


@pytest.mark.parametrize(
    ("status", "words"),
    [
        pytest.param(0x0100, "ended with status 1", id="exit"),
        pytest.param(6, "was ended by SIGABRT", id="abort"),
        pytest.param(9, "was ended by SIGKILL, perhaps as memory ran out", id="kill"),
        pytest.param(34, "was ended by SIGRTMIN", id="the first real-time signal"),
        pytest.param(35, "was ended by signal 35", id="a signal without a name"),
    ],
)
def test_a_wait_status_is_said_in_words(status: int, words: str) -> None:
    assert describe_status(status) == words


@pytest.mark.parametrize(
    ("road", "level", "expected"),
    [
        pytest.param(Road.THIN, "O3", "globaldce,thinlto<O3>", id="thin"),
        pytest.param(Road.GROUPED, "Os", "globaldce,lto<Os>", id="grouped"),
        pytest.param(Road.FAT, "Oz", "globaldce,lto<Oz>", id="fat"),
    ],
)
def test_the_pipeline_is_llvms_own(road: Road, level: str, expected: str) -> None:
    assert pipeline(_unit(road=road), Codegen(triple="", opt_level=level)) == expected


def test_the_machine_gets_all_of_the_codegen_options() -> None:
    codegen = Codegen(triple="t", cpu="c", features="+f", opt_level="Os", relocation_model="static", code_model="large")
    options = machine_options(codegen)
    assert (options.triple, options.cpu, options.features) == ("t", "c", "+f")
    assert (options.opt_level, options.relocation_model, options.code_model) == ("Os", "static", "large")


def test_stages_are_told_when_they_begin_and_kept_when_they_end() -> None:
    begun: list[str] = []
    log = StageLog(begun.append)
    with log.stage("one"):
        assert begun == ["one"]
    with pytest.raises(ValueError), log.stage("two"):
        raise ValueError
    assert begun == ["one", "two"]
    assert [cost.stage for cost in log.costs] == ["one"]
    assert log.costs[0].memory > 1 << 20
    assert log.costs[0].wall >= 0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(b'{"type":"stage","stage":"opt"}', Entered("opt"), id="stage"),
        pytest.param(
            b'{"type":"failed","message":"m","hint":"h","unsupported":true}',
            Failed(message="m", hint="h", unsupported=True),
            id="failed",
        ),
    ],
)
def test_lines_of_a_worker_are_read(line: bytes, expected: Entered | Failed) -> None:
    assert read_line(line) == expected


def test_a_result_is_read() -> None:
    line = read_line(b'{"type":"done","result":{"name":"u","stages":[],"imported":3}}')
    assert isinstance(line, Done)
    assert (line.result.name, line.result.imported) == ("u", 3)


def test_an_output_is_whole_and_has_no_remains(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.o", memoryview(b"code"), 7)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.o", b"code")]


def test_an_output_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(LlvmError, match=r"cannot write .*missing/a\.o: No such file") as caught:
        write_whole(tmp_path / "missing" / "a.o", memoryview(b"code"), 7)
    assert caught.value.hint


def test_the_old_output_stays_where_the_new_one_cannot_be_put(tmp_path: Path) -> None:
    (tmp_path / "a.o").mkdir()
    with pytest.raises(LlvmError, match="cannot write"):
        write_whole(tmp_path / "a.o", memoryview(b"code"), 7)
    assert [path.name for path in tmp_path.iterdir()] == ["a.o"]


def test_unfinished_files_are_named_by_their_worker() -> None:
    assert unfinished(Path("x/a.o"), 12) == Path("x/a.o.12.unfinished")
