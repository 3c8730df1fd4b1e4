"""What remains of a link line's files beside bitcode: native members of archives that held modules too."""

from collections import defaultdict
from pathlib import Path

from burnish.lto.inputs import Gathered
from burnish.lto.line.archive import Entry, write_archive
from burnish.lto.objects import Form


def native_rest(gathered: Gathered, scratch: Path) -> dict[int, list[str]]:
    """By input of the line that held modules: the files that stand for it, none where it held nothing else.

    An archive keeps its native members, as lazy as they were, in an archive of their own.
    """
    members: dict[tuple[int, Path], list[int]] = defaultdict(list)
    for number, located in enumerate(gathered.located):
        members[located.input, located.path].append(number)
    replaced: dict[int, list[str]] = {}
    for (line_input, path), numbers in members.items():
        if not any(number in gathered.summaries for number in numbers):
            continue
        replaced.setdefault(line_input, [])
        natives = [gathered.inputs[number] for number in numbers if number not in gathered.summaries]
        natives = [item for item in natives if item.object.form is Form.NATIVE]
        if natives:
            rest = scratch / f"{line_input}-{path.stem}.a"
            entries = [
                Entry(object=item.object, symbols=tuple(symbol.name for symbol in item.symbols if symbol.defined))
                for item in natives
            ]
            write_archive(rest, entries)
            replaced[line_input].append(str(rest))
    return replaced
