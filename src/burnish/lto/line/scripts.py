"""The scripts of a link line as values: version scripts, dynamic lists, and the linker scripts behind libc.so.

Pure: text in, values out. Grammar: lld/ELF/ScriptParser.cpp (readVersionScript, readDynamicList, readInput, readGroup);
which pattern counts: ``SymbolTable::scanVersionScript``.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from burnish.lto.line.lexer import Tokens

_WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Patterns:
    """Names of symbols: ``exact`` ones, and ``globs`` with ``*``, ``?``, ``[...]``, in the script's order."""

    exact: tuple[str, ...] = ()
    globs: tuple[str, ...] = ()

    def matcher(self) -> Callable[[str], bool]:
        """Whether one of them matches a name."""
        exact, wild = frozenset(self.exact), glob_matcher(self.globs)
        return lambda name: name in exact or wild(name)


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionNode:
    """One version; ``name`` is empty for the anonymous one, ``parents`` the versions it follows."""

    name: str
    globals: Patterns
    locals: Patterns
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionScript:
    """A version script: which symbols of a shared object are global, which local."""

    nodes: tuple[VersionNode, ...]

    def is_local(self) -> Callable[[str], bool]:
        """Whether the script keeps a name out of the dynamic symbol table; names it does not mention stay global.

        Exact names first, in order; then wildcards, later versions first; a lone ``*`` last.
        """
        exact: dict[str, bool] = {}
        wild: list[tuple[Callable[[str], bool], bool]] = []
        catch_all: list[bool] = []
        for node in self.nodes:
            for patterns, local in ((node.globals, False), (node.locals, True)):
                for name in patterns.exact:
                    exact.setdefault(name, local)
        for node in reversed(self.nodes):
            for patterns, local in ((node.globals, False), (node.locals, True)):
                narrow = [glob for glob in patterns.globs if glob != "*"]
                if narrow:
                    wild.append((glob_matcher(narrow), local))
                if len(narrow) < len(patterns.globs):
                    catch_all.append(local)
        otherwise = catch_all[0] if catch_all else False

        def keeps_back(name: str) -> bool:
            known = exact.get(name)
            if known is not None:
                return known
            return next((local for matches, local in wild if matches(name)), otherwise)

        return keeps_back


@dataclass(frozen=True, kw_only=True, slots=True)
class ScriptInput:
    """A file that a linker script asks for: a path, a name to search, or ``-lname``."""

    name: str
    as_needed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkerScript:
    """A linker script that stands for libraries: its inputs in order, its own search directories, ``EXTERN`` names."""

    inputs: tuple[ScriptInput, ...]
    search_dirs: tuple[str, ...] = ()
    extern: tuple[str, ...] = ()


def parse_version_script(text: str, *, origin: str) -> VersionScript:
    """Read a version script; ``origin`` names it in errors.

    Raises:
        UnsupportedError: ``extern "C++"``, or no version script at all.
    """
    tokens = Tokens(text, origin=origin)
    nodes: list[VersionNode] = []
    while not tokens.at_end:
        name = "" if tokens.peek("{") else tokens.take().text
        global_names, local_names = _version_patterns(tokens)
        parents = []
        while not tokens.peek(";"):
            parents.append(tokens.take().text)
        tokens.expect(";")
        nodes.append(VersionNode(name=name, globals=global_names, locals=local_names, parents=tuple(parents)))
    if not nodes:
        raise tokens.error("the version script is empty")
    return VersionScript(nodes=tuple(nodes))


def parse_dynamic_list(text: str, *, origin: str) -> Patterns:
    """Read a ``--dynamic-list`` or ``--export-dynamic-symbol-list`` file.

    Raises:
        UnsupportedError: ``local:``, ``extern "C++"``, or no dynamic list at all.
    """
    tokens = Tokens(text, origin=origin)
    listed, local_names = _version_patterns(tokens)
    if local_names.exact or local_names.globs:
        raise tokens.error("a dynamic list has no local names")
    tokens.expect(";")
    if not tokens.at_end:
        raise tokens.error("the dynamic list ends, the file does not")
    return listed


def _version_patterns(tokens: Tokens) -> tuple[Patterns, Patterns]:
    """``{ global: ...; local: ...; }``: the global and the local ones."""
    tokens.expect("{")
    found: dict[bool, list[tuple[str, bool]]] = {False: [], True: []}
    local = False
    while not tokens.skip("}"):
        if tokens.peek(":", after=1) and (tokens.peek("local") or tokens.peek("global")):
            local = tokens.take().text == "local"
            tokens.expect(":")
        elif tokens.skip("extern"):
            found[local] += _extern_names(tokens)
        else:
            found[local].append(_pattern(tokens))
            if not tokens.peek("}"):
                tokens.expect(";")
    return _patterns(found[False]), _patterns(found[True])


def _extern_names(tokens: Tokens) -> list[tuple[str, bool]]:
    language = tokens.take().text
    if language != "C":
        raise tokens.error(f'extern "{language}" names are demangled ones, which burnish does not match')
    tokens.expect("{")
    names = []
    while not tokens.skip("}"):
        names.append(_pattern(tokens))
        if not tokens.peek("}"):
            tokens.expect(";")
    tokens.expect(";")
    return names


def _pattern(tokens: Tokens) -> tuple[str, bool]:
    token = tokens.take()
    if not token.quoted and token.text in {"{", "(", ")", ";", ":"}:
        raise tokens.error(f"a name expected, not {token.text!r}", line=token.line)
    return token.text, not token.quoted and _WILD.search(token.text) is not None


def _patterns(names: Iterable[tuple[str, bool]]) -> Patterns:
    listed = tuple(names)
    return Patterns(
        exact=tuple(name for name, wild in listed if not wild), globs=tuple(name for name, wild in listed if wild)
    )


def parse_linker_script(text: str, *, origin: str) -> LinkerScript:
    """Read a linker script that stands for libraries (INPUT, GROUP, AS_NEEDED, SEARCH_DIR, EXTERN).

    Raises:
        UnsupportedError: it lays out sections or defines symbols, or it is no linker script.
    """
    tokens = Tokens(text, origin=origin)
    inputs: list[ScriptInput] = []
    search_dirs: list[str] = []
    extern: list[str] = []
    while not tokens.at_end:
        command = tokens.take()
        if command.text == ";":
            continue
        match command.text:
            case "INPUT" | "GROUP":
                inputs += _files(tokens)
            case "SEARCH_DIR":
                search_dirs += _names(tokens)
            case "EXTERN":
                extern += _names(tokens)
            case "OUTPUT_FORMAT" | "OUTPUT_ARCH" | "TARGET":
                _names(tokens)
            case other:
                raise tokens.error(f"{other[:40]!r} is more than a list of libraries", line=command.line)
    return LinkerScript(inputs=tuple(inputs), search_dirs=tuple(search_dirs), extern=tuple(extern))


def _names(tokens: Tokens) -> list[str]:
    tokens.expect("(")
    names = []
    while not tokens.skip(")"):
        names.append(tokens.take().text)
    return names


def _files(tokens: Tokens) -> list[ScriptInput]:
    tokens.expect("(")
    files: list[ScriptInput] = []
    as_needed = False
    while True:
        if tokens.skip(")"):
            if not as_needed:
                return files
            as_needed = False
        elif tokens.peek("AS_NEEDED") and not as_needed:
            tokens.take()
            tokens.expect("(")
            as_needed = True
        else:
            token = tokens.take()
            if token.text == "(" and not token.quoted:
                raise tokens.error("a file name expected, not '('", line=token.line)
            files.append(ScriptInput(name=token.text, as_needed=as_needed))


def patterns_of(names: Iterable[str]) -> Patterns:
    """Patterns given one by one (``--export-dynamic-symbol``)."""
    return _patterns((name, _WILD.search(name) is not None) for name in names)


def glob_matcher(globs: Iterable[str]) -> Callable[[str], bool]:
    """Whether one of the wildcard patterns matches a whole name (``GlobPattern``, llvm/Support)."""
    patterns = tuple(globs)
    if not patterns:
        return lambda _: False
    if "*" in patterns:
        return lambda _: True
    return _matches(re.compile("|".join(map(_expression, patterns)), re.DOTALL))


def _matches(expression: re.Pattern[str]) -> Callable[[str], bool]:
    return lambda name: expression.fullmatch(name) is not None


_GLOB_PART = re.compile(r"\\(.)|(\*+)|(\?)|\[([!^]?)(\]?[^\]]*)\]|(.)", re.DOTALL)


def _expression(glob: str) -> str:
    """As `fnmatch.translate`, with ``[^...]`` and backslashes as linkers have them."""
    parts = [""]  # what stands between stars
    for escaped, star, one, inverted, members, plain in _GLOB_PART.findall(glob):
        if star:
            parts.append("")
        elif one:
            parts[-1] += "."
        elif members:
            parts[-1] += _members(inverted, members)
        else:
            parts[-1] += re.escape(escaped or plain)
    first, *rest = parts
    if not rest:
        return first
    # Atomic groups: each part matches as early as it can, so that many stars cost no backtracking.
    return first + "".join(f"(?>.*?{part})" for part in rest[:-1]) + ".*" + rest[-1]


def _members(inverted: str, members: str) -> str:
    inner = ""
    place = 0
    while place < len(members):
        first = members[place]
        if members[place + 1 : place + 2] == "-" and place + 2 < len(members):
            last = members[place + 2]
            inner += f"{re.escape(first)}-{re.escape(last)}" if first <= last else ""
            place += 3
        else:
            inner += re.escape(first)
            place += 1
    if not inner:
        return "." if inverted else "(?!)"
    return f"[{'^' if inverted else ''}{inner}]"
