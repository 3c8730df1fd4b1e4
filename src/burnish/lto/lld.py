"""``--engine lld``: the toolchain's own rust-lld does thin link-time optimization, fed with std's bitcode and cached.

rustc's standard library carries its bitcode in a section that lld does not read (``.llvmbc``). Each such archive is
replaced by one whose members are the modules themselves; lld then takes members as it would have taken the objects.
"""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from burnish.cache import Cache
from burnish.digests import digest_of
from burnish.lto.facts import mapped
from burnish.lto.job import LinkJob
from burnish.lto.line.archive import Entry, write_archive
from burnish.lto.line.libraries import Disk, Located, driver_directories, locate
from burnish.lto.native import run_linker, scratch_directory
from burnish.lto.objects import Form, Object
from burnish.lto.read.container import read_objects
from burnish.lto.record import LinkRecord
from burnish.lto.stopwatch import Stopwatch


def link(job: LinkJob, record: LinkRecord, environment: Mapping[str, str]) -> LinkRecord:
    """Link; gives the record with what was done.

    Args:
        job: the link.
        record: what is known of it so far.
        environment: the linker's.

    Raises:
        UnsupportedError, ToolError, LtoError, StoreError: nothing was linked.
    """
    watch = Stopwatch()
    output = Path(job.line.output).absolute()
    with scratch_directory(output) as scratch:
        cache = Cache(job.settings.cache or scratch / "cache")
        with watch.stage("std's bitcode"):
            files = locate(job.line, driver_directories([job.settings.linker], job.line), Disk())
            replaced = replaced_archives(files, cache, scratch)
        with watch.stage("lld"):
            run_linker(job.settings.linker, arguments(job, replaced, cache), scratch, environment)
    return msgspec.structs.replace(record, stages=tuple(watch.stages), size=output.stat().st_size)


def arguments(job: LinkJob, replaced: dict[int, Path], cache: Cache) -> list[str]:
    """The line for the real linker driver."""
    line = job.with_inputs({index: [str(path)] for index, path in replaced.items()}, objects=())
    options = [f"--thinlto-jobs={job.settings.jobs}"]
    if job.settings.cache is not None:
        options.append(f"--thinlto-cache-dir={cache.path / 'lld'}")
        options.append(f"--thinlto-cache-policy=cache_size_bytes={job.settings.limit}")
    # -Xlinker and not -Wl: a comma in a path would split it.
    return [*line.argv(), *job.linker_choice, *(word for option in options for word in ("-Xlinker", option))]


def replaced_archives(files: tuple[Located, ...], cache: Cache, scratch: Path) -> dict[int, Path]:
    """By input of the line: the archive of modules that stands for an archive of objects with modules in a section."""
    replaced: dict[int, Path] = {}
    for located in files:
        data = mapped(located.path)
        objects = [item for item in read_objects(located.path, data) if item.form is not Form.OTHER]
        if any(_embeds(item) for item in objects):
            replaced[located.input] = _modules_archive(located.path, objects, data, cache, scratch)
    return replaced


def _embeds(item: Object) -> bool:
    return bool(item.member) and item.module is not None and item.module != (item.offset, item.size)


def _modules_archive(path: Path, objects: list[Object], data: memoryview, cache: Cache, scratch: Path) -> Path:
    members = [_module(item) for item in objects]
    digests = [f"{item.member} {digest_of(data[item.offset : item.offset + item.size])}" for item in members]
    key = digest_of("\n".join(["archive of modules", *digests]).encode())
    known = cache.recall(key)
    if known and cache.intact(known[0]):
        return cache.blob(known[0])
    made = scratch / f"{path.stem}.modules.rlib"
    write_archive(made, [Entry(object=item) for item in members])
    digest = cache.put_file(made)
    cache.record(key, [digest])
    return cache.blob(digest)


def _module(item: Object) -> Object:
    """The object that is the module itself."""
    if item.module is None:
        return item
    offset, size = item.module
    return Object(path=item.path, member=item.member, offset=offset, size=size, form=item.form)
