"""The driver's argument vector as a frozen value, and back: what is linked, in which state, with which options.

Nothing is dropped and nothing is rewritten: `LinkLine.argv` gives the very arguments back, unknown ones included.
New lines derive from old ones by replacing and taking out words.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from burnish.lto.line import options
from burnish.lto.line.words import Carrier, Word, join, split

#: Options that only a linker with a plugin reads.
PLUGIN_OPTIONS = frozenset({"plugin", "plugin-opt"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Argument:
    """One option or input.

    Attributes:
        option: the linker's long name without dashes, or the driver's; empty for an input file.
        value: its value, the path of an input file, or None for a flag.
        start, stop: its words in the line.
    """

    option: str
    value: str | None
    start: int
    stop: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Input:
    """A file or ``-l`` library, with the state in which the linker meets it.

    Attributes:
        name: a path, or what follows ``-l`` (``:name`` asks for exactly that file name).
        library: it is a ``-l``.
        static: only static libraries count (``-Bstatic``).
        lazy: between ``--start-lib`` and ``--end-lib``.
        start, stop: its words in the line.
    """

    name: str
    library: bool
    static: bool
    as_needed: bool
    whole_archive: bool
    lazy: bool
    start: int
    stop: int


class OutputKind(StrEnum):
    """What is linked. EXECUTABLE leaves to the driver whether it is position independent."""

    EXECUTABLE = "executable"
    NO_PIE = "no-pie"
    PIE = "pie"
    STATIC = "static"
    STATIC_PIE = "static-pie"
    SHARED = "shared"
    RELOCATABLE = "relocatable"

    @property
    def is_executable(self) -> bool:
        return self not in {OutputKind.SHARED, OutputKind.RELOCATABLE}


class Strip(StrEnum):
    """What the linker leaves out of the symbol table and debug sections."""

    NONE = "none"
    DEBUG = "debug"
    ALL = "all"


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkLine:
    """A link line.

    Attributes:
        words: every word, in order.
        arguments: the options and inputs the words form, in order.
        inputs: what is linked, in order.
    """

    words: tuple[Word, ...]
    arguments: tuple[Argument, ...]
    inputs: tuple[Input, ...]

    def argv(self) -> tuple[str, ...]:
        """The arguments, as they were given."""
        return join(self.words)

    def values(self, *names: str) -> tuple[str, ...]:
        """The values of these options, in order."""
        return tuple(a.value for a in self.arguments if a.option in names and a.value is not None)

    def last(self, *names: str) -> str | None:
        return next(iter(reversed(self.values(*names))), None)

    def has(self, *names: str) -> bool:
        return any(argument.option in names for argument in self.arguments)

    def is_on(self, name: str) -> bool:
        """Whether the last of ``--name`` and ``--no-name`` is the former."""
        given = [a.option for a in self.arguments if a.option in {name, f"no-{name}"}]
        return bool(given) and given[-1] == name

    @property
    def output(self) -> str:
        return self.last("output") or "a.out"

    @property
    def kind(self) -> OutputKind:
        kinds = {OutputKind.RELOCATABLE: "relocatable", OutputKind.SHARED: "shared"}
        for kind, name in kinds.items():
            if self.has(name):
                return kind
        position = next((a.option for a in reversed(self.arguments) if a.option in {"pie", "no-pie"}), None)
        if self.has("static-pie"):
            return OutputKind.STATIC_PIE
        if self.has("static"):
            return OutputKind.STATIC
        return OutputKind(position) if position else OutputKind.EXECUTABLE

    @property
    def entry(self) -> str:
        """The entry symbol; empty where there is none."""
        return self.last("entry") or ("_start" if self.kind.is_executable else "")

    @property
    def strip(self) -> Strip:
        if self.has("strip-all"):
            return Strip.ALL
        return Strip.DEBUG if self.has("strip-debug") else Strip.NONE

    @property
    def plugin_options(self) -> tuple[str, ...]:
        """What follows ``-plugin-opt=``: rustc's hints for the optimizer (``O3``, ``mcpu=...``)."""
        return self.values("plugin-opt")


def parse(argv: Sequence[str]) -> LinkLine:
    """The value of the driver's arguments (without the program's name; response files expanded)."""
    return of_words(split(argv))


def of_words(words: Sequence[Word]) -> LinkLine:
    """The line that these words form."""
    kept = tuple(words)
    arguments: list[Argument] = []
    place = 0
    while place < len(kept):
        word = kept[place]
        following = kept[place + 1] if place + 1 < len(kept) else None
        if word.carrier is Carrier.PLAIN:
            option, value, uses_next = _driver_option(word.text, following.text if following else None)
        else:
            # A linker option's value must reach the linker too.
            reaches = following is not None and following.carrier is not Carrier.PLAIN
            option, value, uses_next = _linker_option(word.text, following.text if following and reaches else None)
        stop = place + 1 + uses_next
        arguments.append(Argument(option=option, value=value, start=place, stop=stop))
        place = stop
    return LinkLine(words=kept, arguments=tuple(arguments), inputs=_inputs(arguments))


_Read = tuple[str, str | None, bool]


def _driver_option(text: str, following: str | None) -> _Read:
    """Name, value, and whether the value is the next word."""
    if not text.startswith("-") or text == "-":
        return "", text, False
    if text in options.DRIVER_SEPARATE:
        return text.lstrip("-"), following, following is not None
    name, equals, value = text.partition("=")
    if equals and name in options.DRIVER_EQUALS:
        return options.DRIVER_EQUALS[name], value, False
    short = options.DRIVER_SHORT.get(text[:2])
    if short is None or text in options.DRIVER_ALIASES or text in options.DRIVER_FLAGS:
        return options.DRIVER_ALIASES.get(text, text.lstrip("-")), None, False
    return _short(short, text[2:], following)


def _linker_option(text: str, following: str | None) -> _Read:
    if not text.startswith("-") or text == "-":
        return "", text, False
    bare = text[2:] if text.startswith("--") else text[1:]
    name, equals, value = bare.partition("=")
    if name in options.LINKER_VALUES:
        if equals:
            return name, value, False
        takes_next = name not in options.LINKER_ONLY_EQUALS and following is not None
        return name, following if takes_next else None, takes_next
    if text.startswith("--") or bare in options.LINKER_FLAGS or bare in options.LINKER_ALIASES:
        return options.LINKER_ALIASES.get(bare, bare), None, False
    return _short_linker_option(bare, following)


def _short_linker_option(bare: str, following: str | None) -> _Read:
    if bare in options.LINKER_SEPARATE:
        return options.LINKER_SEPARATE[bare], following, following is not None
    short = options.LINKER_SHORT.get(bare[:1])
    return _short(short, bare[1:], following) if short else (bare, None, False)


def _short(option: str, rest: str, following: str | None) -> _Read:
    return (option, rest, False) if rest else (option, following, following is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class _State:
    static: bool = False
    as_needed: bool = False
    whole_archive: bool = False
    lazy: bool = False


_STATE: Mapping[str, Mapping[str, bool]] = {
    "Bstatic": {"static": True},
    "Bdynamic": {"static": False},
    "as-needed": {"as_needed": True},
    "no-as-needed": {"as_needed": False},
    "whole-archive": {"whole_archive": True},
    "no-whole-archive": {"whole_archive": False},
    "start-lib": {"lazy": True},
    "end-lib": {"lazy": False},
}


def _inputs(arguments: Sequence[Argument]) -> tuple[Input, ...]:
    state = _State(static=any(a.option in {"static", "static-pie"} for a in arguments))
    pushed: list[_State] = []
    inputs: list[Input] = []
    for argument in arguments:
        if argument.option in {"", "library"} and argument.value is not None:
            inputs.append(
                Input(
                    name=argument.value,
                    library=bool(argument.option),
                    static=state.static,
                    as_needed=state.as_needed,
                    whole_archive=state.whole_archive,
                    lazy=state.lazy,
                    start=argument.start,
                    stop=argument.stop,
                )
            )
        elif argument.option in _STATE:
            state = replace(state, **_STATE[argument.option])
        elif argument.option == "push-state":
            pushed.append(state)
        elif argument.option == "pop-state" and pushed:
            # --start-lib is no part of what is pushed (lld/ELF/Driver.cpp, createFiles).
            state = replace(pushed.pop(), lazy=state.lazy)
    return tuple(inputs)


def without(line: LinkLine, names: Collection[str]) -> LinkLine:
    """The line without these options and their values."""
    dropped = {place for a in line.arguments if a.option in names for place in range(a.start, a.stop)}
    return of_words([word for place, word in enumerate(line.words) if place not in dropped])


def with_references(line: LinkLine) -> LinkLine:
    """The line for a program that keeps its symbols and tells what refers to what (``--emit-relocs``)."""
    kept = without(line, {"strip-all"})
    return of_words([*kept.words, Word(text="--emit-relocs", carrier=Carrier.COMMA)])


def rewritten(line: LinkLine, *, replaced: Mapping[int, Sequence[str]], objects: Sequence[str] = ()) -> LinkLine:
    """The line with other files in the place of some inputs.

    Args:
        line: the line.
        replaced: index of an input -> the paths that stand for it; none takes it out.
        objects: paths that must be linked whole: before the first input replaced outside of ``--start-lib``,
            or before all others.
    """
    starts = {line.inputs[index].start: paths for index, paths in replaced.items()}
    gone = {place for i in replaced for place in range(line.inputs[i].start, line.inputs[i].stop)}
    eager = [line.inputs[index].start for index in replaced if not line.inputs[index].lazy]
    front = min(eager, default=0)
    words: list[Word] = []
    for place, word in enumerate(line.words):
        if place == front:
            words += _files(objects, Word(text=""))
        if place in starts:
            words += _files(starts[place], word)
        if place not in gone:
            words.append(word)
    return of_words(words if line.words else _files(objects, Word(text="")))


def _files(paths: Sequence[str], like: Word) -> list[Word]:
    # Not in a -Wl, list: a comma in a path would split it.
    carrier = Carrier.PLAIN if like.carrier is Carrier.PLAIN else Carrier.SEPARATE
    return [Word(text=path, carrier=carrier) for path in paths]
