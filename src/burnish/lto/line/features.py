"""rustc's names of CPU features in LLVM's words (``to_llvm_features``, rustc_codegen_llvm/src/llvm_util.rs)."""

from collections.abc import Iterable, Mapping

_X86 = {
    "bmi1": ("bmi",),
    "cmpxchg16b": ("cx16",),
    "lahfsahf": ("sahf",),
    "pclmulqdq": ("pclmul",),
    "rdrand": ("rdrnd",),
    "apxf": ("egpr", "push2pop2", "ppx", "ndd", "ccmp", "cf", "nf", "zu"),
}

_AARCH64 = {
    "dpb": ("ccpp",),
    "dpb2": ("ccdp",),
    "fcma": ("complxnum",),
    "fhm": ("fp16fml",),
    "flagm2": ("altnzcv",),
    "fp16": ("fullfp16",),
    "frintts": ("fptoint",),
    "neon": ("neon", "fp-armv8"),
    "paca": ("pauth",),
    "pacg": ("pauth",),
    "pmuv3": ("perfmon",),
    "rcpc2": ("rcpc-immo",),
}

#: Features that only rustc reads.
_RUSTC_ONLY = frozenset({"crt-static"})


def llvm_features(features: Iterable[str], *, triple: str) -> str:
    """``-mattr`` of ``-C target-feature`` items (``+avx2``, ``-bmi1``), each name's last mention counting."""
    names = _names(triple)
    chosen: dict[str, str] = {}
    for feature in features:
        sign, name = feature[:1], feature[1:]
        if sign not in {"+", "-"} or name in _RUSTC_ONLY:
            continue
        for llvm_name in names.get(name, (name,)):
            chosen.pop(llvm_name, None)
            chosen[llvm_name] = sign
    return ",".join(sign + name for name, sign in chosen.items())


def _names(triple: str) -> Mapping[str, tuple[str, ...]]:
    architecture = triple.partition("-")[0]
    if architecture in {"x86_64", "i686", "i586"}:
        return _X86
    return _AARCH64 if architecture == "aarch64" else {}
