"""The files that units import from: modules as they are, or slim copies of them where many units import from one.

LLVM imports from modules in the order of their paths, and that order shows in the code. So paths are made of the
identities of the modules, and stay the same in whichever place, link and cache they are, and after an edit.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from burnish.cache import Cache
from burnish.digests import digest_of
from burnish.lto.decide.units import Place
from burnish.lto.do import Slim, make_slim, worth_slimming
from burnish.lto.planning import Program

#: Counted up when slim copies are made in another way.
_VERSION: Final = 1


def import_sources(
    program: Program,
    units: Sequence[int],
    places: Mapping[int, Place],
    *,
    cache: Cache | None,
    directory: Path,
    jobs: int,
    timeout: float,
) -> dict[int, Path]:
    """For each module that these units import from, the file to import from.

    A copy serves as well as the module, and so does one that an earlier link made where it holds all that is asked for.

    Args:
        program: what is linked.
        units: those whose objects no cache holds.
        places: of the modules.
        cache: where copies are kept, if anywhere.
        directory: is made; the files lie in it.
        jobs: processes that make copies.
        timeout: seconds for one of them.

    Raises:
        LlvmError: a copy cannot be made.
        StoreError: it cannot be kept.
    """
    rows, importers = program.plan.imported_by(units)
    modules = program.plan.index.module[rows]
    names = {
        number: frozenset(map(program.plan.index.ir_name, rows[modules == number].tolist())) for number in importers
    }
    files = {number: directory / f"{_turn(program, number)}.bc" for number in importers}
    targets = {number: places[number].bitcode for number in importers}
    known = _known(program, names, cache) if cache else {}
    targets |= known
    sizes = {number: program.sizes[number] for number in importers if number not in known}
    directory.mkdir()
    chosen = worth_slimming(sizes, importers)
    copies = [
        Slim(
            bitcode=places[number].bitcode,
            label=places[number].label,
            size=sizes[number],
            out=files[number],
            keep=names[number],
            strip_debug=program.codegen.strip_debug,
        )
        for number in chosen
    ]
    if copies:
        make_slim(copies, library=program.library, jobs=jobs, timeout=timeout)
    for number in importers.keys() - set(chosen):
        files[number].symlink_to(targets[number])
    if cache:
        for number in chosen:
            _keep(program, number, names[number], files[number], cache)
    return files


def _turn(program: Program, number: int) -> str:
    return "".join(f"{word:08x}" for word in program.plan.index.identities[number])


def _known(program: Program, names: Mapping[int, frozenset[str]], cache: Cache) -> dict[int, Path]:
    """Copies that earlier links made and that hold all these names."""
    found = {}
    for number, wanted in names.items():
        digests = cache.recall(_key(program, number))
        if digests is None or len(digests) != 2 or not cache.intact(digests[0]):
            continue
        held = cache.get(digests[1])
        if held is not None and wanted <= _split(held):
            found[number] = cache.blob(digests[0])
    return found


def _keep(program: Program, number: int, names: frozenset[str], copy: Path, cache: Cache) -> None:
    held = "\0".join(sorted(names)).encode("utf-8", "surrogateescape")
    cache.record(_key(program, number), [cache.put_file(copy), cache.put(held)])


def _key(program: Program, number: int) -> str:
    return digest_of(
        f"slim {_VERSION} {program.toolchain} {program.codegen.strip_debug} {program.digests[number]}".encode()
    )


def _split(held: bytes) -> frozenset[str]:
    return frozenset(held.decode("utf-8", "surrogateescape").split("\0"))
