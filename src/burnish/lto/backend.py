"""What a backend is asked to do: one unit (a module, a group of modules, or all of them) and LLVM's options."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Road(StrEnum):
    """How the units of a link are made and optimized: one for each module, groups, or all in one."""

    THIN = "thin"
    GROUPED = "grouped"
    FAT = "fat"

    @property
    def pipeline(self) -> str:
        """LLVM's name of the passes.

        Groups take those of regular LTO: merged modules are what these were made for, and they cost less.
        """
        return "thinlto" if self is Road.THIN else "lto"


@dataclass(frozen=True, kw_only=True, slots=True)
class Codegen:
    """What rustc was told about code generation, in LLVM's words.

    Attributes:
        triple: target triple.
        cpu, features: ``-mcpu`` and ``-mattr``; features in LLVM's spelling, joined by commas.
        opt_level: ``O0`` to ``O3``, ``Os``, ``Oz``, as LLVM's pipelines are named.
        relocation_model: rustc's word: ``pic``, ``pie``, ``static``, ``dynamic-no-pic``, ...
        code_model: rustc's word, empty for LLVM's default.
        function_sections: one section for each function and variable (rustc's default on ELF).
        strip_debug: nobody will see debug info: the link strips it.
        llvm_args: further ``cl::opt`` arguments (``-C llvm-args`` after the ones rustc always sets).
    """

    triple: str
    cpu: str = ""
    features: str = ""
    opt_level: str = "O3"
    relocation_model: str = "pic"
    code_model: str = ""
    function_sections: bool = True
    strip_debug: bool = False
    llvm_args: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """A module of a unit.

    Attributes:
        bitcode: a file that holds exactly the module.
        label: how messages name it (``libstd.rlib(std.o)``).
        promote: local name -> promoted name, for the locals other units refer to.
        dead: definitions that nothing reaches: they need not be loaded.
        other_copies: definitions of which another module's copy prevails (weak, linkonce).
    """

    bitcode: Path
    label: str
    promote: dict[str, str] = field(default_factory=dict)
    dead: tuple[str, ...] = ()
    other_copies: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Unit:
    """One backend's work. Every definition that is neither visible nor hidden becomes internal.

    Attributes:
        name: for messages and files; unique in a link.
        members: modules in link order; merged where there are several.
        shard: the index of what is imported from other units, or None where nothing is.
        imports: how many definitions the shard asks for, to notice when LLVM took none.
        visible: definitions that keep linkage and visibility: native code or the dynamic symbol table knows them.
        hidden: definitions other units refer to.
        elsewhere: names other units of this link define: declarations of them become hidden.
        road: how it is optimized.
        outputs: where the objects go; more than one: code generation is split over as many processes.
        remarks: where LLVM's remarks on inlining go, None: nobody asks for them.
    """

    name: str
    members: tuple[Member, ...]
    outputs: tuple[Path, ...]
    shard: Path | None = None
    imports: int = 0
    visible: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    road: Road = Road.THIN
    remarks: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class StageCost:
    """One stage of a backend: seconds of wall and CPU time, peak memory so far in bytes."""

    stage: str
    wall: float
    cpu: float
    memory: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitResult:
    """What a backend did: its stages in order, and how many definitions it imported."""

    name: str
    stages: tuple[StageCost, ...]
    imported: int
