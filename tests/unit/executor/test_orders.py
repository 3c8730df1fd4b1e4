"""Orders and answers of away backends: data that is checked before anything is done with it."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from burnish.cache import Cache
from burnish.digests import digest_of
from burnish.errors import ClusterError
from burnish.executor.blob import Blob
from burnish.lto.away.asking import Portion, Task, ordered
from burnish.lto.away.order import (
    VERSION,
    Answer,
    Kind,
    Made,
    Order,
    OrderedMember,
    OrderedUnit,
    encode,
    read_answer,
    read_order,
)
from burnish.lto.away.performing import perform
from burnish.lto.backend import Codegen, Member, Road, Unit

A, B = digest_of(b"a"), digest_of(b"b")
UNIT = OrderedUnit(name="one", key=B, members=(OrderedMember(digest=A, label="one.o"),), outputs=1)


def order(unit: OrderedUnit = UNIT, *, version: int = VERSION, burnish: str = "0") -> bytes:
    return encode(
        Order(
            version=version, burnish=burnish, library="libLLVM.so 1", codegen=Codegen(triple="x86_64"),
            road=Road.THIN, timeout=1.0, units=(unit,),
        )
    )  # fmt: skip


def test_an_order_is_read_as_it_was_written() -> None:
    unit = msgspec.structs.replace(UNIT, sources={"0" * 40: B}, shard=b"\xff\x00", visible=("main",))
    assert read_order(order(unit)).units == (unit,)
    assert read_order(order(unit)).contents() == (A, B)


@pytest.mark.parametrize(
    "unit",
    [
        pytest.param({"key": "../../x"}, id="a key that is a path"),
        pytest.param({"members": (OrderedMember(digest="/etc/passwd", label=""),)}, id="a module that is a path"),
        pytest.param({"sources": {"../../../evil": A}}, id="a turn that is a path"),
        pytest.param({"sources": {"0" * 40: "x"}}, id="a source that is no digest"),
        pytest.param({"sources": {"0" * 40 + "\n": A}}, id="a turn with a newline"),
        pytest.param({"outputs": 0}, id="no outputs"),
    ],
)
def test_nothing_in_an_order_can_be_a_path(unit: dict[str, object]) -> None:
    with pytest.raises(ClusterError):
        read_order(order(msgspec.structs.replace(UNIT, **unit)))


@pytest.mark.parametrize("data", [b"", b"{}", b"\x80\x04", order()[:-1], order(version=VERSION + 1)])
def test_what_is_no_order_is_refused(data: bytes) -> None:
    with pytest.raises(ClusterError):
        read_order(data)


def test_an_answer_names_contents_by_digest() -> None:
    good = Answer(host="h", wall=1.0, made=(Made(name="one", outputs=(A,)),))
    assert read_answer(encode(good)) == good
    with pytest.raises(ClusterError):
        read_answer(encode(msgspec.structs.replace(good, made=(Made(name="one", outputs=("../x",)),))))


@pytest.mark.parametrize("data", [b"no order", order(burnish="0.0.0")])
def test_a_worker_answers_whatever_it_is_given(data: bytes, tmp_path: Path) -> None:
    answer, blobs = perform(data, [], cache=Cache(tmp_path), library=Path("none"))
    trouble = read_answer(answer).trouble
    assert trouble is not None
    assert trouble.kind is Kind.PLACE
    assert blobs == ()


def test_a_worker_says_what_it_misses(tmp_path: Path) -> None:
    from burnish import __version__  # noqa: PLC0415

    cache = Cache(tmp_path)
    answer, _ = perform(order(burnish=__version__), [], cache=cache, library=Path("none"))
    assert read_answer(answer).missing == (A,)
    cache.put(b"a")
    cache.blob(A).write_bytes(b"x")
    answer, _ = perform(order(burnish=__version__), [Blob(A, 1, cache.blob(A))], cache=cache, library=Path("none"))
    assert read_answer(answer).missing == (A,)


def portion(number: int, cost: int) -> Portion:
    unit = Unit(name=str(number), members=(Member(bitcode=Path("x") / A, label=""),), outputs=(Path("o"),))
    return Portion(cost=cost, key=B, unit=replace(unit, road=Road.THIN), shard=b"", sources={})


def test_orders_are_few_of_about_equal_cost_and_the_costliest_is_first(tmp_path: Path) -> None:
    library = tmp_path / "libLLVM.so.22"
    library.write_bytes(b"x")
    task = Task(codegen=Codegen(triple="t"), road=Road.THIN, library=library, timeout=1.0)
    costs = [5, 400, *[10] * 60]
    orders = ordered([portion(number, cost) for number, cost in enumerate(costs)], task, 4)
    assert sorted(unit.name for order in orders for unit in order.units) == sorted(map(str, range(len(costs))))
    assert [unit.name for unit in orders[0].units] == ["1"]
    assert 8 <= len(orders) <= 4 * 4 + 2
    assert ordered([], task, 4) == []
