"""`python -m bot`, the same as `integra`."""

import sys

from bot.cli import main

sys.exit(main())
