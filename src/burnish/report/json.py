"""The stored form of a result, which is also the report for programs: JSON, the schema's version first."""

import math
import sys
from typing import Any

import msgspec

from burnish.errors import StoreError
from burnish.tune.result import SCHEMA, TuneResult


class _Version(msgspec.Struct):
    schema: int


def render(result: TuneResult) -> str:
    """Indented JSON; the fields are those of `TuneResult`, in their order."""
    plain = msgspec.json.encode(_finite(msgspec.to_builtins(result)))
    return msgspec.json.format(plain, indent=2).decode() + "\n"


def decode(data: bytes) -> TuneResult:
    """The result of its JSON form.

    Raises:
        StoreError: no JSON, another schema, or a field of the wrong type; the message names its path.
    """
    hint = "it is no result that this burnish wrote; run `burnish tune` again to get one"
    try:
        version = msgspec.json.decode(data, type=_Version).schema
        if version != SCHEMA:
            raise StoreError(
                f"the result has schema {version}, and this burnish reads schema {SCHEMA}",
                hint="read it with the burnish that wrote it (its version is under circumstances), or tune again",
            )
        return msgspec.json.decode(data, type=TuneResult)
    except msgspec.DecodeError as error:
        raise StoreError(f"the result cannot be read: {error}", hint=hint) from error


def _finite(value: Any) -> Any:  # noqa: ANN401 -- any value that JSON has
    """JSON has no infinity: an interval without an end ends at the largest number."""
    match value:
        case dict():
            return {key: _finite(each) for key, each in value.items()}
        case list() | tuple():
            return [_finite(each) for each in value]
        case float() if math.isinf(value):
            return math.copysign(sys.float_info.max, value)
        case _:
            return value
