"""Which options take a value, and by which one name the rest of the package knows them.

Linker options: lld/ELF/Options.td, and GNU ld's manual for the ones that only it has; driver options: gcc's common.opt
and clang's Options.td, as far as they occur in a link. An option that is not here is taken for a flag.
"""

#: Long linker options with a value, ``--name value`` or ``--name=value`` (one dash or two).
LINKER_VALUES = frozenset({
    "auxiliary", "audit", "build-id", "call-graph-ordering-file", "chroot", "compress-debug-sections",
    "compress-sections", "default-script", "defsym", "depaudit", "dependency-file", "dynamic-linker", "dynamic-list",
    "entry", "error-handling-script", "error-limit", "exclude-libs", "exclude-modules-for-implib",
    "export-dynamic-symbol", "export-dynamic-symbol-list", "filter", "fini", "format", "hash-style", "image-base",
    "in-implib", "init", "irpgo-profile", "just-symbols", "keep-unique", "library", "library-path",
    "lto-known-safe-vtables", "Map", "max-cache-size", "mllvm", "mri-script", "oformat", "opt-remarks-filename",
    "opt-remarks-format", "opt-remarks-hotness-threshold", "opt-remarks-passes", "orphan-handling", "out-implib",
    "output", "pack-dyn-relocs", "plugin", "plugin-opt", "print-symbol-order", "remap-inputs", "reproduce",
    "require-defined", "retain-symbols-file", "rpath", "rpath-link", "rsp-quoting", "script", "section-ordering-file",
    "section-start", "shuffle-sections", "soname", "sort-section", "split-stack-adjust-size", "symbol-ordering-file",
    "sysroot", "target2", "Tbss", "Tdata", "thinlto-cache-policy", "threads", "time-trace-granularity",
    "trace-symbol", "Trodata-segment", "Ttext", "Ttext-segment", "Tldata-segment", "undefined", "undefined-glob",
    "unresolved-symbols", "version-exports-section", "version-script", "warn-backrefs-exclude", "why-live", "wrap",
})  # fmt: skip

#: Of these, the ones that take their value only after ``=``.
LINKER_ONLY_EQUALS = frozenset({"build-id", "compress-debug-sections", "threads"})

#: Short linker options whose value follows at once or as the next word; the long name.
LINKER_SHORT = {
    "e": "entry", "h": "soname", "l": "library", "L": "library-path", "m": "m", "o": "output", "O": "O", "R": "R",
    "T": "script", "u": "undefined", "y": "trace-symbol", "z": "z",
}  # fmt: skip

#: Short linker options whose value is the next word.
LINKER_SEPARATE = {
    "a": "a", "A": "architecture", "b": "format", "c": "mri-script", "dT": "default-script", "f": "auxiliary",
    "F": "filter", "G": "gpsize", "I": "dynamic-linker", "P": "depaudit", "Y": "Y",
}  # fmt: skip

#: Linker flags with one dash that begin like a short option with a value.
LINKER_FLAGS = frozenset({
    "eh-frame-hdr", "emit-relocs", "enable-new-dtags", "end-group", "end-lib", "error-unresolved-symbols",
    "export-dynamic", "help", "Ttext-segment", "unique", "undefined-version", "oformat", "omagic",
})  # fmt: skip

#: Other names of linker flags.
LINKER_ALIASES = {
    "Bshareable": "shared", "E": "export-dynamic", "S": "strip-debug", "call_shared": "Bdynamic", "dn": "Bstatic",
    "dy": "Bdynamic", "non_shared": "Bstatic", "pic-executable": "pie", "r": "relocatable", "i": "relocatable",
    "s": "strip-all", "static": "Bstatic",
}  # fmt: skip

#: Driver options whose value is the next argument or follows at once; the linker's name where it hands them on.
DRIVER_SHORT = {
    "-B": "B", "-L": "library-path", "-T": "script", "-e": "entry", "-l": "library", "-o": "output", "-u": "undefined",
    "-z": "z",
}  # fmt: skip

#: Driver options whose value is the next argument.
DRIVER_SEPARATE = frozenset({
    "--param", "--sysroot", "--target", "-A", "-D", "-F", "-G", "-I", "-MF", "-MQ", "-MT", "-U", "-Xassembler",
    "-Xclang", "-Xpreprocessor", "-arch", "-aux-info", "-current_version", "-dumpbase", "-dumpdir", "-framework",
    "-gcc-toolchain", "-idirafter", "-imacros", "-include", "-install_name", "-iprefix", "-isysroot", "-isystem",
    "-mllvm", "-target", "-wrapper", "-x",
})  # fmt: skip

#: Driver options with a value after ``=``; the name by which it is known here.
DRIVER_EQUALS = {"-fuse-ld": "fuse-ld", "--sysroot": "sysroot", "--target": "target", "--ld-path": "ld-path"}

#: Driver flags that begin like an option with a value.
DRIVER_FLAGS = frozenset({"-emit-llvm", "-undef", "-ObjC"})

#: Driver flags that the rest of the package asks for; ``-static`` stands for all libraries, unlike the linker's.
DRIVER_ALIASES = {
    "-E": "preprocess", "-S": "assembly", "-c": "compile", "-no-pie": "no-pie", "-nodefaultlibs": "nodefaultlibs",
    "-nolibc": "nolibc", "-nopie": "no-pie", "-nostartfiles": "nostartfiles", "-nostdlib": "nostdlib", "-pie": "pie",
    "-r": "relocatable", "-rdynamic": "export-dynamic", "-s": "strip-all", "-shared": "shared", "-static": "static",
    "-static-pie": "static-pie",
}  # fmt: skip
