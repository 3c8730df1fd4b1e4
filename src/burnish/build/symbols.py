"""Which crate a symbol's code belongs to, read off its mangled name: legacy ``_ZN…17h<hash>E`` and v0 ``_R…``.

Only the leading path counts: ``core::ptr::drop_in_place::<app::T>`` is core's, whoever instantiated it, because only
that much stands in both manglings, and stable toolchains mix them (std is shipped in v0, user code is legacy).
Of ``<A as Trait>`` A's crate counts. Grammar: https://doc.rust-lang.org/rustc/symbol-mangling/v0.html
"""

import re
from typing import Final

#: Code whose symbol is no Rust name: C, C++, assembly, ``#[no_mangle]``.
FOREIGN: Final = "[c]"
#: Code without a symbol, or with a Rust name that does not parse.
UNKNOWN: Final = "[unknown]"

# The hash tells Rust's legacy names from C++'s; LLVM appends `.llvm.<number>` to what it promotes.
_LEGACY = re.compile(r"_ZN(\d+)(.*)17h[0-9a-f]{16}E(?:[.$].*)?", re.DOTALL)
_ESCAPE = re.compile(r"\$(\w+)\$")
_ESCAPED: Final = {"LT": "<", "GT": ">", "RF": "&", "BP": "*", "LP": "(", "RP": ")", "C": ",", "SP": "@"}
_TRAIT_IMPL = re.compile(r"<(?P<type>.*?) as (?P<trait>.*)")
_ROOT = re.compile(r"(?:[&*\[<]|mut |const |dyn |impl )*(?P<crate>\w+)::")

# A leading path that ends in a crate root without `<A as Trait>` on its way: the great majority, read in one step.
_PLAIN_V0 = re.compile(r"_R\d*(?:I|N[A-Za-z]|M(?:s[0-9A-Za-z]*_)?)*C(?:s[0-9A-Za-z]*_)?(\d+)_?")


def crate_of(mangled: str) -> str:
    """The crate of the leading path: ``std``, ``core``, ``serde_json``, ...; ``[c]`` and ``[unknown]`` otherwise."""
    if mangled.startswith("_R"):
        if plain := _PLAIN_V0.match(mangled):
            return mangled[plain.end() : plain.end() + int(plain[1])] or UNKNOWN
        return _guarded(mangled, instantiating=False)
    if legacy := _LEGACY.fullmatch(mangled):
        return _legacy_crate(legacy[2][: int(legacy[1])])
    return FOREIGN if mangled else UNKNOWN


def instantiating_crate(mangled: str) -> str:
    """The crate that had a generic compiled, where the name says so (v0 only); otherwise `crate_of`."""
    if not mangled.startswith("_R"):
        return crate_of(mangled)
    return _guarded(mangled, instantiating=True)


def _legacy_crate(first: str) -> str:
    """The crate of the first identifier: itself, or what an escaped ``<A as Trait>`` speaks of."""
    if not first.startswith("_$LT$"):
        return first or UNKNOWN
    shown = _ESCAPE.sub(_unescape, first[1:]).replace("..", "::")
    parts = _TRAIT_IMPL.match(shown)
    sides = (parts["type"], parts["trait"]) if parts else (shown.removeprefix("<"),)
    roots = (root["crate"] for side in sides if (root := _ROOT.match(side)))
    return next(roots, UNKNOWN)


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    if code in _ESCAPED:
        return _ESCAPED[code]
    return chr(int(code[1:], 16)) if re.fullmatch(r"u[0-9a-f]{1,4}", code) else match[0]


def _guarded(mangled: str, *, instantiating: bool) -> str:
    reader = _V0(mangled.removeprefix("_R"))
    try:
        return (reader.symbol() if instantiating else reader.head(reader.start)) or UNKNOWN
    except (IndexError, ValueError, RecursionError):
        return UNKNOWN  # truncated, nested beyond reason, or a later version of the grammar


_DECIMAL = re.compile(r"0|[1-9][0-9]*")
_BASE62: Final = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


class _V0:
    """A reader of one v0 name.

    ``skip_*`` return the position behind a production and follow no back reference, so that they are linear; `head`
    follows them, with a bound on its steps.
    """

    __slots__ = ("start", "steps", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.start = 0 if text[:1].isalpha() else len(text) - len(text.lstrip("0123456789"))  # encoding version
        self.steps = 0

    def symbol(self) -> str:
        # symbol-name -> _R decimal-number? path instantiating-crate? vendor-specific-suffix?
        end = self.skip_path(self.start)
        more = self.text[end : end + 1]
        return self.head(end if more and more not in ".$" else self.start)

    def head(self, at: int) -> str:
        """The crate of the path or type at a position; empty for a type of no crate, such as ``u8`` or a tuple."""
        self.steps += 1
        if self.steps > 2 * len(self.text):
            raise ValueError("the back references do not end")
        match tag := self.text[at]:
            case "C":
                crate = self._identifier(at + 1)[1]
            case "N":
                crate = self.head(at + 2)
            case "I":
                crate = self.head(at + 1)
            case "M":  # the type of an inherent impl is of the impl's crate, but for core's own on primitive types
                crate = self.head(self._skip_disambiguator(at + 1))
            case "X":
                impl = self._skip_disambiguator(at + 1)
                crate = self.head(self.skip_path(impl)) or self.head(impl)
            case "Y":
                crate = self.head(at + 1) or self.head(self.skip_type(at + 1))
            case "B":
                crate = self.head(self._base62(at + 1)[1])
            case _:
                crate = self._head_of_type(tag, at + 1)
        return crate

    def _head_of_type(self, tag: str, at: int) -> str:
        match tag:
            case "R" | "Q":
                return self.head(self._skip_tagged("L", at))
            case "P" | "O" | "S" | "A" | "W":
                return self.head(at)
            case "D":
                at = self._skip_tagged("G", at)
                return "" if self.text[at] == "E" else self.head(at)
            case _:
                return ""

    def skip_path(self, at: int) -> int:
        match tag := self.text[at]:
            case "C":
                end = self._identifier(at + 1)[0]
            case "M":
                end = self.skip_type(self.skip_path(self._skip_disambiguator(at + 1)))
            case "X":
                end = self.skip_path(self.skip_type(self.skip_path(self._skip_disambiguator(at + 1))))
            case "Y":
                end = self.skip_path(self.skip_type(at + 1))
            case "N":
                end = self._identifier(self.skip_path(at + 2))[0]
            case "I":
                end = self._skip_until_end(self.skip_path(at + 1))
            case "B":
                end = self._base62(at + 1)[0]
            case _:
                raise ValueError(f"no path begins with {tag!r}")
        return end

    def skip_type(self, at: int) -> int:
        match tag := self.text[at]:
            case _ if tag.islower():
                end = at + 1
            case "A":
                end = self._skip_const(self.skip_type(at + 1))
            case "S" | "P" | "O":
                end = self.skip_type(at + 1)
            case "R" | "Q":
                end = self.skip_type(self._skip_tagged("L", at + 1))
            case "T":
                end = self._skip_until_end(at + 1)
            case "F":
                end = self._skip_fn(self._skip_tagged("G", at + 1))
            case "D":
                end = self._skip_dyn(self._skip_tagged("G", at + 1))
            case _:
                end = self.skip_path(at)
        return end

    def _skip_until_end(self, at: int) -> int:
        """Generic arguments or types up to their ``E``."""
        while (tag := self.text[at]) != "E":
            match tag:
                case "L":
                    at = self._base62(at + 1)[0]
                case "K":
                    at = self._skip_const(at + 1)
                case _:
                    at = self.skip_type(at)
        return at + 1

    def _skip_fn(self, at: int) -> int:
        # fn-sig -> binder? U? (K abi)? {type} E type
        at += self.text[at] == "U"
        if self.text[at] == "K":
            at = at + 2 if self.text[at + 1] == "C" else self._identifier(at + 1)[0]
        return self.skip_type(self._skip_until_end(at))

    def _skip_dyn(self, at: int) -> int:
        # dyn-bounds -> binder? {path {p identifier type}} E, then a lifetime
        while self.text[at] != "E":
            at = self.skip_path(at)
            while self.text[at] == "p":
                at = self.skip_type(self._identifier(at + 1)[0])
        return self._skip_tagged("L", at + 1)

    def _skip_const(self, at: int) -> int:
        # const -> type n? {hex-digit} _ | p | backref
        match self.text[at]:
            case "p":
                return at + 1
            case "B":
                return self._base62(at + 1)[0]
            case _:
                return self.text.index("_", self.skip_type(at)) + 1

    def _skip_disambiguator(self, at: int) -> int:
        return self._skip_tagged("s", at)

    def _skip_tagged(self, tag: str, at: int) -> int:
        return self._base62(at + 1)[0] if self.text[at] == tag else at

    def _base62(self, at: int) -> tuple[int, int]:
        """The position behind a base-62 number, and the number: ``_`` is 0, ``0_`` is 1."""
        end = self.text.index("_", at)
        value = 0
        for digit in self.text[at:end]:
            value = value * 62 + _BASE62.index(digit)
        return end + 1, value + (end > at)

    def _identifier(self, at: int) -> tuple[int, str]:
        """The position behind an identifier, and its text (Unicode ones are Punycode with ``_`` for ``-``)."""
        at = self._skip_disambiguator(at)
        unicode = self.text[at] == "u"
        at += unicode
        number = _DECIMAL.match(self.text, at)
        if number is None:
            raise ValueError("no length before a name")
        length, end = int(number[0]), number.end()
        # The separator is there where the bytes begin with a digit or `_`; an empty name has none.
        begin = end + (self.text[end : end + 1] == "_")
        if begin + length > len(self.text):
            raise ValueError("the name ends early")
        name = self.text[begin : begin + length]
        if unicode:
            name = "-".join(name.rsplit("_", 1)).encode("ascii").decode("punycode")
        return begin + length, name
