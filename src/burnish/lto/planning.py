"""From the inputs of a link to its plan: which modules take part, what is decided, and in which units."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burnish.cargo.toolchain import llvm_name
from burnish.errors import UnsupportedError
from burnish.lto.backend import Codegen, Road
from burnish.lto.decide.columns import Ints
from burnish.lto.decide.grouping import contiguous, default_groups, live_weights, one_each
from burnish.lto.decide.index import combine
from burnish.lto.decide.plan import Plan, decide
from burnish.lto.decide.thinlink import ThinLink, thin_link
from burnish.lto.inputs import Gathered
from burnish.lto.job import LinkJob
from burnish.lto.line.libraries import Disk
from burnish.lto.line.rustc import codegen_of
from burnish.lto.line.symbols import exports, kept, roots
from burnish.lto.line.symbols import redefined as redefined_names
from burnish.lto.modules import ModuleSummary
from burnish.lto.objects import Object, Resolution
from burnish.lto.resolution import redefined, resolve
from burnish.lto.settings import Lto, Mode


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Program:
    """What a link is made of and what was decided. Lists are by module, in link order.

    Attributes:
        digests: of the modules' bytes.
        producer: which LLVM wrote the modules.
        toolchain: which LLVM works on it, to the last revision; a part of every key.
        road: the pipeline of every unit.
        parts: objects for each unit.
    """

    plan: Plan
    objects: list[Object]
    labels: list[str]
    sizes: list[int]
    digests: list[str]
    codegen: Codegen
    producer: str
    toolchain: str
    library: Path
    road: Road
    parts: int

    def counts(self) -> tuple[list[int], list[int]]:
        """Of each module: definitions with a summary, and how many of them live."""
        index = self.plan.index
        size = len(index.modules)
        definitions = np.bincount(index.module[index.summarized], minlength=size)
        live = np.bincount(index.module[self.plan.link.live], minlength=size)
        return definitions.tolist(), live.tolist()


def program_of(job: LinkJob, gathered: Gathered) -> Program:
    """Decide the link.

    Raises:
        UnsupportedError: its modules are not of one toolchain, one target, or the known form.
    """
    resolution = resolve_line(job, gathered)
    numbers = [number for number in resolution.taken if number in gathered.summaries]
    modules = [gathered.summaries[number] for number in numbers]
    objects = [gathered.inputs[number].object for number in numbers]
    labels = _distinct([item.label for item in objects])
    triple, producer = check_modules(modules, labels)
    library = job.library
    link = thin_link(combine(modules), resolution, numbers)
    road = Road(job.settings.lto.mode)
    return Program(
        plan=decide(link, partition(link, job.settings.lto, job.settings.jobs)),
        objects=objects,
        labels=labels,
        sizes=[(item.module or (0, item.size))[1] for item in objects],
        digests=[gathered.digests[number] for number in numbers],
        codegen=codegen_of(job.line, job.told, triple=triple),
        producer=producer,
        toolchain=f"{producer} {llvm_name(library)}",
        library=library,
        road=road,
        parts=job.settings.jobs if road is Road.FAT else 1,
    )


def resolve_line(job: LinkJob, gathered: Gathered) -> Resolution:
    """Symbol resolution as the job's linker does it.

    Raises:
        UnsupportedError: the line gives a symbol that a module defines another meaning.
    """
    line = job.line
    resolution = resolve(
        gathered.inputs,
        roots=roots(line),
        entry=line.entry,
        kept=kept(line),
        exports=exports(line, Disk().text),
        multiple_definitions=line.has("allow-multiple-definition") or "muldefs" in line.values("z"),
    )
    if changed := redefined(resolution, redefined_names(line)):
        raise UnsupportedError(f"the link line redefines {', '.join(sorted(changed))} (--wrap or --defsym)")
    return resolution


def partition(link: ThinLink, lto: Lto, cores: int) -> Ints:
    """The unit of each module."""
    modules = len(link.index.modules)
    if lto.mode is Mode.FAT:
        return np.zeros(modules, np.int64)
    if lto.mode is Mode.THIN:
        return one_each(modules)
    weights = live_weights(link)
    return contiguous(weights, lto.groups or default_groups(weights, cores))


def check_modules(modules: list[ModuleSummary], labels: list[str]) -> tuple[str, str]:
    """Target triple and producer, which all modules must share.

    Raises:
        UnsupportedError: they do not, or a module has no summary.
    """
    if not modules:
        raise UnsupportedError("no module takes part in the link", hint="nothing that lives is bitcode")
    first = modules[0]
    for module, label in zip(modules, labels, strict=True):
        if module.producer != first.producer:
            raise UnsupportedError(
                f"{label} was written by {module.producer}, {labels[0]} by {first.producer}",
                hint="build all of it with one toolchain: cargo clean, then again",
            )
        if module.triple != first.triple:
            raise UnsupportedError(f"{label} is for {module.triple}, {labels[0]} for {first.triple}")
        if module.version == 0:
            raise UnsupportedError(
                f"{label} has no summary",
                hint="rustc leaves it out where it did link-time optimization itself (-C lto=fat)",
            )
    return first.triple, first.producer


def unit_names(program: Program) -> list[str]:
    """A name for each unit: its module's, or which group it is."""
    count = program.plan.unit_count
    if program.road is Road.FAT:
        return ["all"]
    names = []
    for unit in range(count):
        members = program.plan.members(unit)
        names.append(program.labels[members[0]] if len(members) == 1 else f"group {unit + 1} of {count}")
    return names


def _distinct(labels: list[str]) -> list[str]:
    """Members of one name in one archive get a number."""
    seen: dict[str, int] = {}
    distinct = []
    for label in labels:
        seen[label] = seen.get(label, 0) + 1
        distinct.append(label if seen[label] == 1 else f"{label}#{seen[label]}")
    return distinct
