"""Where and when: what must be the same before two numbers are compared."""

import os
import platform
from pathlib import Path

from burnish import __version__
from burnish.cargo.toolchain import Toolchain
from burnish.measure.values import Circumstances


def read_circumstances(toolchain: Toolchain, target: str | None) -> Circumstances:
    """The circumstances of this machine now."""
    return Circumstances(
        cpu=_cpu_name(),
        cores=usable_cores(),
        kernel=f"{platform.system()} {platform.release()}",
        rustc=toolchain.rustc,
        cargo=toolchain.cargo,
        target=target or toolchain.host,
        load=round(os.getloadavg()[0], 2),
        burnish=__version__,
    )


def usable_cores() -> int:
    """Cores this process may use, where the system says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cpu_name() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith(("model name", "Model")):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
