#!/usr/bin/env python
import sys

from django.core.management import execute_from_command_line

from config.start import require_settings

if __name__ == "__main__":
    # `help` and the like work without settings.
    if sys.argv[1:2] and sys.argv[1] not in ("help", "version", "--help", "-h", "--version"):
        require_settings()
    execute_from_command_line(sys.argv)
