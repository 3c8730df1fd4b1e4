"""Owned pointers: closed once, or handed over to LLVM, and refused afterwards."""

from abc import ABC, abstractmethod
from typing import Generic, Self, TypeVar

from burnish.lto.llvm._functions import Pointer

Ref = TypeVar("Ref", bound=Pointer)


class Handle(ABC, Generic[Ref]):
    """Owner of what a pointer leads to: ``with`` frees it, ``detach`` gives it away.

    There is no ``__del__``: when a worker ends, the kernel takes all of LLVM's memory back faster than LLVM frees it.
    """

    def __init__(self, pointer: Ref) -> None:
        self._pointer: Ref | None = pointer

    @property
    def pointer(self) -> Ref:
        """The pointer, to pass to a function that does not keep it."""
        if self._pointer is None:
            raise ValueError(f"this {type(self).__name__} was closed or handed over to LLVM")
        return self._pointer

    def detach(self) -> Ref:
        """The pointer, for a function that frees it itself."""
        pointer = self.pointer
        self._pointer = None
        return pointer

    def close(self) -> None:
        """Free it; once is enough, more does no harm."""
        if self._pointer is not None:
            self._dispose(self.detach())

    @abstractmethod
    def _dispose(self, pointer: Ref) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
