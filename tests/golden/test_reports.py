from collections.abc import Callable

import pytest
from results import sample_result

from burnish.report.formats import FORMATS


@pytest.mark.parametrize(
    ("name", "form"),
    [("report.txt", "text"), ("report.md", "markdown"), ("report.json", "json"), ("report.html", "html")],
)
def test_a_report_is_as_it_was_last_read(golden: Callable[[str, str], None], name: str, form: str) -> None:
    golden(name, FORMATS[form](sample_result()))
