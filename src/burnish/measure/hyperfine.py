"""hyperfine's JSON: its commands as workloads. Pure.

The forms are those of ``--export-json`` of hyperfine 1.x (``results[].command``, ``times``) and of 2.0
(``schema_version`` 2, ``results[].measurements``): README.md of hyperfine, section "JSON".
"""

import re
import shlex
from pathlib import PurePath

import msgspec

from burnish.errors import UsageError

#: What a shell would have done with it, between words and in them: burnish starts no shell.
_BETWEEN = frozenset("|&;<>")
_ANYWHERE = re.compile(r"[$`]")
_UNQUOTED = re.compile(r"[*?~]")


class _Result(msgspec.Struct):
    command: str


class _Export(msgspec.Struct):
    results: list[_Result]


def workloads(data: bytes, name: str) -> tuple[str, ...]:
    """The commands of an export with ``{bin}`` for their program, each once, in order.

    The program is the word that lies in a ``target`` directory, else the first one.

    Args:
        data: the file.
        name: what the messages call it.

    Raises:
        UsageError: it is no export of hyperfine, or a command needs a shell.
    """
    try:
        found = msgspec.json.decode(data, type=_Export)
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{name} is no JSON of hyperfine: {error}", hint="hyperfine --export-json FILE writes one"
        ) from None
    if not found.results:
        raise UsageError(f"{name} has no results")
    return tuple(dict.fromkeys(_workload(result.command, name) for result in found.results))


def _workload(command: str, name: str) -> str:
    try:
        lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError as error:
        raise UsageError(f"{name}: {command!r} cannot be split into words: {error}") from None
    if not words:
        raise UsageError(f"{name} has an empty command")
    if _needs_shell(command) or any(word and set(word) <= _BETWEEN for word in words):
        raise UsageError(
            f"{name}: {command!r} needs a shell, and burnish starts none",
            hint="put it into a script and name that: --run './script {bin}'",
        )
    program = next((at for at, word in enumerate(words) if "target" in PurePath(word).parts[:-1]), 0)
    return shlex.join([*words[:program], "BURNISH_BIN", *words[program + 1 :]]).replace("BURNISH_BIN", "{bin}")


def _needs_shell(command: str) -> bool:
    """Whether a shell would have put something else in the place of a word."""
    single = re.sub(r"\\.|'[^']*'", "", command)
    return bool(_ANYWHERE.search(single) or _UNQUOTED.search(re.sub(r'"[^"]*"', "", single)))


def only_workload(data: bytes, name: str) -> str:
    """The one command of an export.

    Raises:
        UsageError: as `workloads`; or there are several.
    """
    found = workloads(data, name)
    if len(found) > 1:
        choices = "\n".join(f"  --run {shlex.quote(each)}" for each in found)
        raise UsageError(f"{name} has {len(found)} different commands", hint=f"choose one:\n{choices}")
    return found[0]
