"""Where tests that look at pages in a browser leave pictures of them, for people to look at."""

import os
from pathlib import Path

#: ``target/screenshots`` of the repository, which git ignores, or BURNISH_SCREENSHOTS.
PLACE = Path(os.environ.get("BURNISH_SCREENSHOTS", Path(__file__).parents[1] / "target" / "screenshots"))


def picture(name: str) -> Path:
    """The file of a picture; what an earlier run left there is gone."""
    PLACE.mkdir(parents=True, exist_ok=True)
    path = PLACE / f"{name}.png"
    path.unlink(missing_ok=True)
    return path
