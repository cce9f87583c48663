"""`python scripts/free_port.py 8000`: says what to do if no server can listen there, before one is started."""

import errno
import socket
import sys


def problem(port: str) -> str | None:
    """Why a server cannot listen on this port of this machine, and what to do; None if it can."""
    if not port.isdecimal() or not 0 < int(port) < 65536:
        return f"PORT is {port!r}, but must be a number from 1 to 65535: make run PORT=9000"
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            tried.bind(("127.0.0.1", int(port)))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return (
                    f"Port {port} is taken. If that is Patter from this folder, stop it first. Otherwise choose "
                    "another port: make run PORT=9000"
                )
            return f"Port {port} cannot be used: {error.strerror}. Choose another: make run PORT=9000"
    return None


if __name__ == "__main__":
    sys.exit(problem(sys.argv[1]))
