"""``python -m lilliput``."""

from __future__ import annotations

import sys

from lilliput.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
