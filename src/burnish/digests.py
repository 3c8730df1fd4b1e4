"""Names of contents: SHA-256 in hexadecimal."""

import hashlib

_LENGTH = 64


def digest_of(data: bytes | memoryview) -> str:
    """The name of a content."""
    return hashlib.sha256(data).hexdigest()


def is_digest(text: str) -> bool:
    """Whether a text can be the name of a content; so it is no path either."""
    return len(text) == _LENGTH and set(text) <= set("0123456789abcdef")
