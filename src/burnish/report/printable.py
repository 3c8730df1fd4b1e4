"""Text from outside on a line of ours."""


def printable(text: str) -> str:
    """The text on one line, with control characters (terminal escapes, line breaks, direction marks) made visible."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii")
        for each in text.replace("\t", " ")
    )
