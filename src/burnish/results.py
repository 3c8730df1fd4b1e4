"""Results that are there already: in a file."""

from pathlib import Path

from burnish.errors import StoreError
from burnish.report import json
from burnish.tune.result import TuneResult


def read(path: str | Path, *, what: str = "") -> TuneResult:
    """A result that was exported as JSON; an error calls the file ``what`` where that is given.

    Raises:
        StoreError: the file cannot be read, or holds no result, or one of another schema.
    """
    try:
        body = Path(path).read_bytes()
    except OSError as error:
        raise StoreError(
            f"cannot read {f'{what} ' if what else ''}{path}: {error.strerror}",
            hint="burnish report --format json > FILE writes a report after a tune",
        ) from error
    return json.decode(body)
