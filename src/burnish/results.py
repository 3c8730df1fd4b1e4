"""Results that are there already: in a project's store, or in a file."""

from pathlib import Path

from burnish.cargo.project import Project
from burnish.errors import StoreError
from burnish.report import json
from burnish.store import Store
from burnish.tune.result import TuneResult


def of_project(project: Project, profile: str, number: int | None = None) -> TuneResult | None:
    """The newest stored result of a project's artifact in a profile, or the one of a number; None where there is none.

    Raises:
        StoreError: it cannot be read.
    """
    store = Store.of(project.own_directory)
    if store is None:
        return None
    with store:
        body = store.result(project.subject(profile), number)
    return None if body is None else json.decode(body)


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
