"""The command line, one file a command; modules that begin with ``_`` are what commands share."""

import sys

try:
    from recollect.cli._application import main
except KeyboardInterrupt:  # Ctrl-C before the program has begun: no trace of where it was
    sys.stderr.write("interrupted\n")
    raise SystemExit(130) from None

__all__ = ["main"]
