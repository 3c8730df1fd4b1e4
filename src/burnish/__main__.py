"""``python -m burnish``."""

from burnish.cli import main

raise SystemExit(main())
