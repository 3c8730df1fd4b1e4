"""The panic audit: what in a program's sources needs unwinding, so that ``panic = "abort"`` would change what it does.

Pure: bytes of sources in, findings out. Which sources belong to a program, and reading them, is `burnish.cargo.panics`.
The parser is tree-sitter (the extra ``audit``); only `scan` and what it imports need it.
"""
