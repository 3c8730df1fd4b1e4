"""Where a run of the workload spends its instructions, function by function: callgrind's counts, read from its files.

Format: valgrind manual, "Callgrind Format Specification". Names are asked for as the linker has them.
"""

import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

#: How much longer a run takes under callgrind than alone.
CALLGRIND_SLOWDOWN = 60.0

_NAME = re.compile(r"\((\d+)\)(?: (.*))?")


def instructions_by_function(
    argv: Sequence[str], cwd: str, environment: Mapping[str, str], *, timeout: float
) -> Mapping[str, int] | None:
    """Instructions of each function itself, without what it calls, by mangled name; None where the run fails."""
    with tempfile.TemporaryDirectory(prefix="burnish-") as scratch, tempfile.TemporaryFile() as nowhere:
        command = ["valgrind", "--tool=callgrind", "--demangle=no", "--trace-children=yes"]
        command += [f"--callgrind-out-file={scratch}/out.%p", *argv]
        try:
            run = subprocess.run(
                command, cwd=cwd, env=dict(environment), stdin=subprocess.DEVNULL, stdout=nowhere,
                stderr=subprocess.DEVNULL, timeout=timeout, check=False,
            )  # fmt: skip
        except (subprocess.TimeoutExpired, OSError):
            return None
        if run.returncode != 0:
            return None
        total: Counter[str] = Counter()
        for path in Path(scratch).glob("out.*"):
            total.update(self_costs(path.read_text(encoding="utf-8", errors="replace").splitlines()))
        return dict(total) or None


def self_costs(lines: Iterable[str]) -> Mapping[str, int]:
    """The own cost of each function in a callgrind file; lines that are not understood are passed over."""
    names: dict[str, str] = {}
    costs: Counter[str] = Counter()
    function, of_call = "", False
    for line in lines:
        if line.startswith("fn="):
            function = _named(line[3:], names)
        elif line.startswith("cfn="):
            _named(line[4:], names)
        elif line.startswith("calls="):
            of_call = True  # the next line is the cost of what is called, not of the caller
        elif line[:1] in set("0123456789+-*"):
            fields = line.split()
            if not of_call and function and len(fields) > 1 and fields[1].isdigit():
                costs[function] += int(fields[1])
            of_call = False
    return costs


def _named(text: str, names: dict[str, str]) -> str:
    """``(12) name`` gives number 12 its name, ``(12)`` uses it."""
    match = _NAME.fullmatch(text)
    if match is None:
        return text
    if match[2] is not None:
        names[match[1]] = match[2]
    return names.get(match[1], "")
