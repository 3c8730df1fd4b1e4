"""Everything that the library offers, called as C would; the last call aborts the process if asked to."""

import ctypes
import sys
import threading

library = ctypes.CDLL(sys.argv[1])
for name in ("surface_loaded", "surface_threads", "surface_abort"):
    getattr(library, name).restype = ctypes.c_uint64
library.surface_apply.restype = ctypes.c_int64
library.surface_last.restype = ctypes.c_char_p
library.surface_swap.restype = ctypes.c_void_p
Callback = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64)


def apply(add: int, n: int) -> None:
    got = library.surface_apply(Callback(lambda i: i + add), ctypes.c_uint64(n))
    print("apply", add, n, got, library.surface_last())


print("loaded", hex(library.surface_loaded()))
ctypes.c_uint64.in_dll(library, "surface_level").value = 1
print("loaded", hex(library.surface_loaded()))
apply(1, 5)
apply(96, 10)
thread = threading.Thread(target=apply, args=(99, 3))
thread.start()
thread.join()
print("here", library.surface_last())
for count, rounds in ((1, 1), (3, 4), (4, 20)):
    print("threads", count, rounds, library.surface_threads(ctypes.c_uint64(count), ctypes.c_uint64(rounds)))
text = library.surface_swap("größe=12, 1=2 ab=cd".encode())
print("swap", ctypes.string_at(text).decode())
library.surface_free(ctypes.c_void_p(text))
print("abort", library.surface_abort(ctypes.c_uint64(4)), flush=True)
if len(sys.argv) > 2:
    library.surface_abort(ctypes.c_uint64(int(sys.argv[2])))
