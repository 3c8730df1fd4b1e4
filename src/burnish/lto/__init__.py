"""Link-time optimization over the LLVM of the user's own Rust toolchain: read, decide, write, do."""
