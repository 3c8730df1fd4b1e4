"""Deciding: the space, the search, the race, the verdict; and, called, `burnish.api.tune`.

``burnish.tune(…)`` is how Python asks for a tune, and ``burnish.tune.result`` is where its parts live. One name
cannot be both a function and a package, so the package can be called.
"""

import sys
from importlib import import_module
from types import ModuleType


class _Called(ModuleType):
    def __call__(self, *args: object, **kwargs: object) -> object:
        return import_module("burnish.api").tune(*args, **kwargs)


sys.modules[__name__].__class__ = _Called
