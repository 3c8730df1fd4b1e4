"""Strip after the link: what `-C strip` would have dropped, by the toolchain's own objcopy.

rustc hands strip to the linker (`--strip-debug`, `--strip-all`). lld keeps the names of source files and `.comment`,
objcopy by itself does not; with both kept the sizes agree to some bytes.
"""

import os
import shutil
import subprocess
from pathlib import Path

from burnish.cargo.toolchain import Toolchain
from burnish.errors import ToolError
from burnish.profile.options import Strip

_FLAGS = {
    Strip.DEBUGINFO: ("--strip-debug", "--keep-file-symbols"),
    Strip.SYMBOLS: ("--strip-all", "--keep-section=.comment"),
}


def strip_command(toolchain: Toolchain) -> tuple[str, ...]:
    """rust-objcopy of the toolchain, else objcopy of binutils.

    Raises:
        ToolError: neither is there.
    """
    for tool in (toolchain.objcopy, toolchain.objcopy.with_name("llvm-objcopy")):
        if tool.is_file():
            return (str(tool),)
    found = shutil.which("llvm-objcopy") or shutil.which("objcopy")
    if found is None:
        raise ToolError(
            "no objcopy: the toolchain ships none and there is no binutils",
            hint="rustup component add llvm-tools, or install binutils",
        )
    return (found,)


def strip_file(toolchain: Toolchain, source: Path, target: Path, strip: Strip) -> None:
    """Write ``target``, stripped, from ``source``; ``source`` stays.

    Raises:
        ToolError: objcopy failed; its words are in the message.
    """
    if strip is Strip.NONE:
        shutil.copy2(source, target)
        return
    libraries = os.pathsep.join(filter(None, (str(toolchain.sysroot / "lib"), os.environ.get("LD_LIBRARY_PATH"))))
    run = subprocess.run(
        [*strip_command(toolchain), *_FLAGS[strip], str(source), str(target)],
        env={**os.environ, "LD_LIBRARY_PATH": libraries},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode != 0:
        raise ToolError(f"objcopy could not strip {source.name}: {run.stderr.strip()}")
