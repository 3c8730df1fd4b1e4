"""The script that draws in pages, as it is in the package (bench/vega.py made it)."""

from importlib.resources import files


def vega() -> str:
    """Vega, Vega-Lite and vega-embed: a script that defines ``vegaEmbed``."""
    return files("burnish.report").joinpath("vega.js").read_text(encoding="utf-8")
