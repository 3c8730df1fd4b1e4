"""``burnish ui``: a local page that follows a running tune and browses stored ones."""

import argparse
import os
import socket
import sys
import webbrowser

from burnish.cargo.invocation import Cargo
from burnish.cargo.project import find_manifest, read_project
from burnish.cli import _selection
from burnish.cli._commands import HELP
from burnish.errors import ToolError, UsageError


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's options."""
    parser = commands.add_parser(
        "ui",
        help=HELP["ui"],
        description="Serve a page on this machine alone that follows a running tune of a project and shows the stored "
        "ones. It reads; nothing can be changed through it. Ctrl-C ends it.",
        epilog="example:\n  burnish ui --open",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _selection.add_selection(parser)
    parser.add_argument("--port", type=int, default=0, metavar="NUMBER", help="on 127.0.0.1 (default: a free one)")
    parser.add_argument("--open", action="store_true", help="open it in the browser")
    parser.set_defaults(run_command=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    try:
        import uvicorn  # noqa: PLC0415  # an extra

        from burnish.ui import app  # noqa: PLC0415  # as above
    except ImportError as error:
        raise ToolError("burnish ui needs a server that is not installed", hint="pip install 'burnish[ui]'") from error
    manifest = find_manifest(_selection.project_path(args))
    cargo = Cargo(manifest.parent, dict(os.environ))
    project = read_project(cargo, manifest, _selection.selection(args), _selection.target_dir(args), resolve=False)
    if not 0 <= args.port <= 65535:
        raise UsageError(f"--port {args.port}: ports are 0 to 65535")
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", args.port))
        listener.listen()
    except OSError as error:
        raise UsageError(f"--port {args.port}: {error.strerror}", hint="leave it away for a free one") from error
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    print(f"{address}  (Ctrl-C ends it)", file=sys.stderr, flush=True)
    if args.open:
        webbrowser.open(address)
    title = f"{project.package} {project.version} ({project.artifact.name})"
    served = app(project.own_directory, title)
    config = uvicorn.Config(served, log_level="error", lifespan="off", server_header=False, ws="none")
    uvicorn.Server(config).run(sockets=[listener])
    return 0
