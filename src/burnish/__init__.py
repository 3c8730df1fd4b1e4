"""Find, prove and ship the best ``[profile.release]`` for a Cargo project; `burnish.api` says how from Python."""

from importlib import import_module

__version__ = "0.1.0"

#: What `burnish.api` offers here; `burnish.tune` can be called itself. Loaded when asked for: the command line must not
#: wait for it.
_OFFERED = ("apply", "frame", "read", "stored")


def __getattr__(name: str) -> object:
    if name in _OFFERED:
        return getattr(import_module("burnish.api"), name)
    if name == "tune":
        return import_module("burnish.tune")
    raise AttributeError(f"module 'burnish' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *_OFFERED, "tune"]
