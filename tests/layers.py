"""Checks of the source text: which module may import which, and what the pure ones must not touch.

Each check takes the parsed module and returns complaints, so that it can be tried on small strings.
"""

import ast
from collections.abc import Iterator, Mapping

#: Imports go to a lower or the same rank. What stands directly in the package has its own line.
RANKS: Mapping[str, int] = {
    "__init__": 0,
    "digests": 0,
    "errors": 0,
    "machine": 0,
    "processes": 0,
    "units": 0,
    "profile": 1,
    "cargo": 2,
    "cache": 1,
    "build": 3,
    "executor": 3,
    "lto": 3,
    "measure": 4,
    "store": 5,
    "tune": 6,
    "explain": 6,
    "xray": 6,
    "report": 7,
    "linked": 8,
    "results": 8,
    "api": 9,
    "doctor": 8,
    "ui": 10,
    "cli": 10,
    "__main__": 10,
}

#: No process, clock, environment or file; luck only from a seed that is given. Packages count whole.
PURE = (
    "burnish.profile",
    "burnish.build.away.snapshot",
    "burnish.cargo.manifest",
    "burnish.digests",
    "burnish.executor.addresses",
    "burnish.explain.claims",
    "burnish.explain.explanation",
    "burnish.lto.decide",
    "burnish.lto.decided",
    "burnish.lto.away.order",
    "burnish.lto.line.arguments",
    "burnish.lto.line.features",
    "burnish.lto.line.lexer",
    "burnish.lto.line.options",
    "burnish.lto.line.scripts",
    "burnish.lto.line.symbols",
    "burnish.lto.line.words",
    "burnish.lto.read.tables",
    "burnish.lto.record",
    "burnish.lto.remarks",
    "burnish.lto.resolution",
    "burnish.lto.seeing",
    "burnish.lto.seen",
    "burnish.lto.write",
    "burnish.measure.benchmarks",
    "burnish.measure.hyperfine",
    "burnish.measure.layouts",
    "burnish.measure.schedule",
    "burnish.measure.statistics",
    "burnish.measure.values",
    "burnish.tune.budgets",
    "burnish.tune.contributions",
    "burnish.tune.effects",
    "burnish.tune.goals",
    "burnish.tune.percrate",
    "burnish.tune.remaining",
    "burnish.tune.result",
    "burnish.tune.search",
    "burnish.tune.space",
    "burnish.tune.verdict",
    "burnish.report",
    "burnish.xray.compare",
    "burnish.xray.crossed",
    "burnish.xray.estimate",
    "burnish.xray.known",
    "burnish.xray.made",
    "burnish.xray.names",
    "burnish.xray.overlap",
    "burnish.xray.picture",
    "burnish.xray.pieces",
    "burnish.xray.referring",
    "burnish.xray.retained",
    "burnish.xray.road",
    "burnish.xray.sections",
    "burnish.xray.story",
    "burnish.xray.summary",
    "burnish.xray.values",
    "burnish.xray.vanished",
    "burnish.xray.views",
)

MAX_LINES = 400

_WORLD = frozenset({
    "fcntl", "multiprocessing", "os", "secrets", "shutil", "signal", "socket", "sqlite3", "subprocess", "tempfile",
    "threading", "time", "urllib", "uuid",
})  # fmt: skip
_FILE_CALLS = frozenset({
    "exists", "glob", "is_dir", "is_file", "iterdir", "mkdir", "open", "read_bytes", "read_text", "rglob", "stat",
    "unlink", "write_bytes", "write_text",
})  # fmt: skip
_CLOCK_CALLS = frozenset({"now", "today", "utcnow"})
_SEEDED = frozenset({"Random", "default_rng", "Generator", "SeedSequence"})


def package_of(module: str) -> str:
    """``cargo`` of ``burnish.cargo.manifest``; ``__init__`` of ``burnish`` itself."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(tree: ast.Module, modules: frozenset[str] = frozenset()) -> Iterator[tuple[int, str]]:
    """Line and name of each module imported; ``from burnish.tune import words`` is ``burnish.tune.words`` if one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = "." * node.level + (node.module or "")
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield node.lineno, inner if inner in modules else source


def direction(module: str, tree: ast.Module) -> list[str]:
    """Imports that go to a higher rank, or to a package that has none."""
    found = []
    own = RANKS.get(package_of(module))
    if own is None:
        return [f"{module}: {package_of(module)} has no rank in tests/layers.py"]
    for line, name in imports(tree):
        if name.startswith("."):
            found.append(f"{module}:{line} imports {name}: write the whole name")
        elif name.split(".")[0] == "burnish":
            rank = RANKS.get(package_of(name))
            if rank is None or rank > own:
                found.append(f"{module}:{line} imports {name} of rank {rank}, its own is {own}")
    return found


def impurities(module: str, tree: ast.Module) -> list[str]:
    """Imports of what touches the world, calls that open files or read the clock, luck without a seed."""
    found = [
        f"{module}:{line} imports {name}"
        for line, name in imports(tree)
        if name.split(".")[0] in _WORLD | {"builtins"} and name != "urllib.parse"
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (word := _impure_call(node)):
            found.append(f"{module}:{node.lineno} calls {word}")
        elif isinstance(node, ast.Attribute) and _is_random(node.value) and node.attr not in _SEEDED:
            found.append(f"{module}:{node.lineno} uses {ast.unparse(node)}")
        elif isinstance(node, ast.ImportFrom) and node.module in {"random", "numpy.random"}:
            found += [f"{module}:{node.lineno} imports {n.name}" for n in node.names if n.name not in _SEEDED]
    return found


def _impure_call(node: ast.Call) -> str | None:
    match node.func:
        case ast.Name(id="open" | "print" | "input" as name):
            return name
        case ast.Attribute(attr=name) if name in _FILE_CALLS | _CLOCK_CALLS:
            return ast.unparse(node.func)
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _SEEDED and not (node.args or node.keywords):
            return f"{name}() without a seed"
        case _:
            return None


def _is_random(node: ast.expr) -> bool:
    return ast.unparse(node) in {"random", "np.random", "numpy.random"}


def reached(roots: frozenset[str], trees: Mapping[str, ast.Module]) -> frozenset[str]:
    """The modules under the roots and all that they import, directly or not."""
    modules = frozenset(trees)
    todo = [name for name in trees if any(name == root or name.startswith(f"{root}.") for root in roots)]
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in seen and name in modules:
            seen.add(name)
            todo += [target for _, target in imports(trees[name], modules)]
    return frozenset(seen)
