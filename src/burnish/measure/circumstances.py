"""Where and when: what must be the same before two numbers are compared."""

import os
import platform

from burnish import __version__
from burnish.cargo.toolchain import Toolchain
from burnish.machine import cpu_name, usable_cores
from burnish.measure.values import Circumstances


def read_circumstances(toolchain: Toolchain, target: str | None) -> Circumstances:
    """The circumstances of this machine now."""
    return Circumstances(
        cpu=cpu_name(),
        cores=usable_cores(),
        kernel=f"{platform.system()} {platform.release()}",
        rustc=toolchain.rustc,
        cargo=toolchain.cargo,
        target=target or toolchain.host,
        load=round(os.getloadavg()[0], 2),
        burnish=__version__,
    )
