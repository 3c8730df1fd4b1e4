"""What a link line's files hold: objects with the symbols a linker sees, and the summaries of their modules."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from burnish.cache import Cache
from burnish.errors import BitcodeError
from burnish.lto.facts import ObjectFacts, read_facts
from burnish.lto.line.libraries import Located
from burnish.lto.modules import ModuleSummary
from burnish.lto.objects import Form, LinkInput
from burnish.lto.reading import read_all


@dataclass(frozen=True, kw_only=True, slots=True)
class Gathered:
    """All inputs of a link.

    Attributes:
        inputs: in the order of the line, members of archives each for itself.
        located: for each input, the file that it came from.
        summaries: by input, of the BITCODE ones.
        digests: of the modules' bytes, by input.
    """

    inputs: list[LinkInput] = field(default_factory=list)
    located: list[Located] = field(default_factory=list)
    summaries: dict[int, ModuleSummary] = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)


def gather(files: Sequence[Located], cache: Cache, jobs: int) -> Gathered:
    """Read the files of a link, by ``jobs`` processes where there is much to read.

    Raises:
        BitcodeError: a module is damaged.
        UnsupportedError: a file cannot be read, or a module is of a form the engine does not take.
    """
    gathered = Gathered()
    known = read_all([located.path for located in files], cache, jobs)
    for located, facts in zip(files, known, strict=True):
        try:
            _add_file(gathered, located, facts)
        except BitcodeError:
            # What the cache has kept is not what this burnish reads.
            _add_file(gathered, located, tuple(read_facts(located.path)))
    return gathered


def _add_file(gathered: Gathered, located: Located, facts: Sequence[ObjectFacts]) -> None:
    summaries = [known.module_summary(known.member) if known.form is Form.BITCODE else None for known in facts]
    for known, summary in zip(facts, summaries, strict=True):
        item = known.object
        if summary is not None:
            gathered.summaries[len(gathered.inputs)] = summary
            gathered.digests[len(gathered.inputs)] = known.digest
        in_archive = (bool(item.member) or item.path != located.path) and not located.whole_archive
        gathered.inputs.append(LinkInput(object=item, symbols=known.symbols(), lazy=in_archive or located.lazy))
        gathered.located.append(located)
