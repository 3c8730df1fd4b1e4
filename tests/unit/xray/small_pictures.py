"""A link made by hand: two crates, an import, a refusal, two verdicts, and names that mean harm."""

from burnish.lto.decided import VERSION as DECIDED
from burnish.lto.decided import DecidedModule, Decisions, FateColumns, ImportColumns, RefusalColumns
from burnish.lto.seen import VERSION as SEEN
from burnish.lto.seen import DefinitionColumns, InlineColumns, Seen
from burnish.xray.picture import VERSION, Names, Picture
from burnish.xray.values import VERSION as ANATOMY
from burnish.xray.values import Anatomy, References, Section, Symbols

#: Ends elements and comments, moves a terminal's cursor, turns text around, and is long.
HARM = "dep::</script><script>alert(1)</script><!--\x1b[2J\n\u202e" + "x" * 300

MAIN, SMALL, LARGE, DEAD = range(4)


def picture(harm: str = HARM, *, link: bool = True) -> Picture:
    """``app::main`` calls a small function of ``dep``, which is inlined, and a large one, which is not imported."""
    shown = ["app::main", "dep::small", harm, "dep::dead"]
    anatomy = Anatomy(
        version=ANATOMY,
        path="app",
        size=1300,
        stripped=1100,
        names=[*shown, "m0", "m1", "m2", "m3"],
        crates=["app", "dep"],
        sections=[
            Section(name=".text", kind="code", file=1000, memory=1000),
            Section(name=".symtab", kind="symbols", file=200, memory=0),
            Section(name="headers", kind="other", file=100, memory=0),
        ],
        symbols=Symbols(
            name=[4, 6], shown=[0, 2], generic=[-1, -1], crate=[0, 1], section=[0, 0], size=[300, 690],
            retained=[990, 690], dominator=[-1, 0],
        ),
        loose={0: 10},
        references=References(source=[0], target=[1], count=[1]),
    )  # fmt: skip
    if not link:
        return Picture(version=VERSION, title=harm, mode="", anatomy=anatomy, missing=(harm,))
    mangled = ["m0", "m1", "m2", "m3"]
    return Picture(
        version=VERSION,
        title=f"app {harm}",
        mode="thin",
        anatomy=anatomy,
        names=Names(shown=shown, crate=[0, 1, 1, 1], crates=["app", "dep"]),
        decisions=Decisions(
            version=DECIDED,
            modules=[module("app", 0), module("dep", 1)],
            units=["app", "dep"],
            costs=[10, 10],
            names=mangled,
            reasons=["TooLarge", harm],
            imports=ImportColumns(
                unit=[0], name=[1], module=[1], caller=[0], depth=[0], threshold=[100], instructions=[20]
            ),
            refusals=RefusalColumns(
                unit=[0], name=[2], module=[1], caller=[0], depth=[0], threshold=[100], instructions=[170], reason=[0]
            ),
            fates=FateColumns(module=[1], name=[2], fate=[5], reason=[1]),
        ),
        seen=Seen(
            version=SEEN,
            names=mangled,
            reasons=["unavailable definition"],
            units=["app", "dep"],
            inlines=InlineColumns(
                unit=[0, 0], caller=[0, 0], callee=[1, 2], inlined=[True, False], cost=[-5, -1], threshold=[225, -1],
                reason=[-1, 0], count=[1, 1],
            ),
            definitions=DefinitionColumns(
                module=[0, 1, 1, 1], name=[0, 1, 2, 3], instructions=[80, 20, 170, 40], live=[True, True, True, False]
            ),
        ),
    )  # fmt: skip


def module(crate: str, unit: int) -> DecidedModule:
    return DecidedModule(
        label=f"lib{crate}.rlib({crate}.o)",
        source=f"{crate}.0123456789abcdef-cgu.0",
        unit=unit,
        definitions=1,
        live=1,
        fates={},
        suffix=".llvm.1",
    )
