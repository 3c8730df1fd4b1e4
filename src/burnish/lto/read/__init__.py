"""The `read` step: files on a link line to objects, their symbols, and what modules say of themselves."""
