"""Bitcode that the engine writes for LLVM: the index of what a unit imports."""
