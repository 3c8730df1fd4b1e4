"""What the linker driver is asked to do: environment variables to one value, read once.

The command and a project's ``.cargo/config.toml`` speak to the driver in the same way, through its environment: cargo
and rustc stand between.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from burnish.cache import DEFAULT_LIMIT, cache_directory
from burnish.errors import UsageError
from burnish.executor.addresses import ClusterSettings, Credentials, parse_address
from burnish.machine import usable_cores

_TLS = ("BURNISH_TLS_CA", "BURNISH_TLS_CERT", "BURNISH_TLS_KEY")
#: What says which cluster.
CLUSTER_VARIABLES = ("BURNISH_CLUSTER", "BURNISH_CLUSTER_INSECURE", *_TLS)


class Mode(StrEnum):
    """How modules become units: one each, one for all, or groups that import from each other."""

    THIN = "thin"
    FAT = "fat"
    GROUPED = "grouped"
    OFF = "off"


class Engine(StrEnum):
    """Who does it: burnish, or the toolchain's own lld, fed with std's bitcode."""

    BURNISH = "burnish"
    LLD = "lld"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lto:
    """A mode and, where it is grouped, the number of groups asked for (None: burnish chooses)."""

    mode: Mode
    groups: int | None = None

    def __str__(self) -> str:
        return f"{self.mode}={self.groups}" if self.groups else str(self.mode)


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """All that a link may depend on beyond its link line and rustc's arguments.

    Attributes:
        jobs: backends at a time.
        cache: its directory, None to do without one.
        limit: bytes the cache may grow to.
        record: where the link's record goes, None for nowhere.
        linker: the real linker driver.
        plan_only: stop after the thin link, with its plan in the record.
        cluster: does the backends, None for this machine alone.
        seen: note what the optimizer says, keep symbols, and link with ``--emit-relocs``.
    """

    lto: Lto
    engine: Engine
    jobs: int
    cache: Path | None
    limit: int
    record: Path | None
    linker: str
    plan_only: bool = False
    seen: bool = False
    cluster: ClusterSettings | None = None


def parse_lto(text: str) -> Lto:
    """``thin``, ``fat``, ``off``, ``grouped`` or ``grouped=K``.

    Raises:
        UsageError: it is something else.
    """
    name, equals, number = text.partition("=")
    try:
        mode = Mode(name)
        groups = int(number) if equals else None
    except ValueError:
        mode, groups = None, None
    if mode is None or (equals and (mode is not Mode.GROUPED or groups is None or groups < 1)):
        raise UsageError(f"--lto {text}: it takes thin, fat, grouped, grouped=K (K at least 1) or off")
    return Lto(mode=mode, groups=groups)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The driver's settings.

    Raises:
        UsageError: a variable holds what it does not take.
    """
    record = environment.get("BURNISH_LTO_RECORD")
    caching = environment.get("BURNISH_LTO_CACHE", "on") != "off"
    engine = environment.get("BURNISH_LTO_ENGINE", Engine.BURNISH)
    if engine not in set(Engine):
        raise UsageError(f"BURNISH_LTO_ENGINE={engine}: it takes {' or '.join(Engine)}")
    return Settings(
        lto=parse_lto(environment.get("BURNISH_LTO", Mode.THIN)),
        engine=Engine(engine),
        jobs=_number(environment, "BURNISH_LTO_JOBS", usable_cores()),
        cache=cache_directory(environment) if caching else None,
        limit=_number(environment, "BURNISH_LTO_CACHE_LIMIT", DEFAULT_LIMIT),
        record=Path(record) if record else None,
        linker=environment.get("BURNISH_REAL_LINKER") or "cc",
        plan_only=environment.get("BURNISH_LTO_PLAN") == "only",
        seen=environment.get("BURNISH_LTO_SEEN") == "1",
        cluster=_cluster(environment),
    )


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that say these settings to a driver; `read_settings` of them gives the settings again."""
    variables = {
        "BURNISH_LTO": str(settings.lto),
        "BURNISH_LTO_ENGINE": str(settings.engine),
        "BURNISH_LTO_JOBS": str(settings.jobs),
        "BURNISH_LTO_CACHE": "on" if settings.cache else "off",
        "BURNISH_LTO_CACHE_LIMIT": str(settings.limit),
        "BURNISH_LTO_PLAN": "only" if settings.plan_only else "",
        "BURNISH_LTO_SEEN": "1" if settings.seen else "",
    }
    if settings.cluster is not None:
        variables["BURNISH_CLUSTER"] = str(settings.cluster.address)
        variables["BURNISH_CLUSTER_INSECURE"] = "1" if settings.cluster.insecure else ""
        for name, path in _paths(settings.cluster.credentials).items():
            variables[name] = str(path)
    if settings.cache is not None:
        variables["BURNISH_CACHE_DIR"] = str(settings.cache.parent)
    if settings.record is not None:
        variables["BURNISH_LTO_RECORD"] = str(settings.record)
    return variables


def _cluster(environment: Mapping[str, str]) -> ClusterSettings | None:
    """A cluster that the environment names.

    Raises:
        UsageError: a variable holds what it does not take.
    """
    address = environment.get("BURNISH_CLUSTER")
    if not address:
        return None
    files = [environment.get(name) or "" for name in _TLS]
    if any(files) and not all(files):
        raise UsageError(f"{', '.join(_TLS)}: all three are needed, or none")
    authority, certificate, key = map(Path, files)
    return ClusterSettings(
        address=parse_address(address),
        credentials=Credentials(authority=authority, certificate=certificate, key=key) if all(files) else None,
        insecure=environment.get("BURNISH_CLUSTER_INSECURE") == "1",
    )


def _paths(credentials: Credentials | None) -> dict[str, Path]:
    if credentials is None:
        return {}
    return dict(zip(_TLS, (credentials.authority, credentials.certificate, credentials.key), strict=True))


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdigit() or int(text) < 1:
        raise UsageError(f"{name}={text}: it takes a number from 1")
    return int(text)
