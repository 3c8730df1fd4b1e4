"""The commands and what they are for, so that the help need not load them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: Commands that hand what stands after ``--`` to a bench, as ``cargo bench`` does.
WITH_BENCH_ARGS: Final = frozenset({"tune", "check"})

#: Modules of this package, in the order of the help.
HELP: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tune": "build and measure profiles, recommend one",
        "apply": "write the recommendation into Cargo.toml",
        "report": "show a stored result again",
        "check": "does the program keep its budgets? (for CI)",
        "reproduce": "run a report's measurement again",
        "explain": "what the profile really does, option by option",
        "claims": "what is said of the release profile, against what was measured",
        "lint": "find what is wrong with the profiles",
        "audit": 'would panic = "abort" change what the program does?',
        "build": "cargo build with burnish's own link-time optimization",
        "lto": "what link-time optimization would do: its plan",
        "xray": "what link-time optimization did to the program",
        "cache": "the cache of link-time optimization: how large, where, smaller",
        "ui": "follow a running tune and browse stored ones in a browser",
        "doctor": "is everything here that burnish needs?",
        "completion": "completion for a shell",
    }
)
