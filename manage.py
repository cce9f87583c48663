#!/usr/bin/env python
import sys

from config.start import require_settings, run_command

if __name__ == "__main__":
    # `help` and the like work without settings.
    if sys.argv[1:2] and sys.argv[1] not in ("help", "version", "--help", "-h", "--version"):
        require_settings()
    run_command(sys.argv)
