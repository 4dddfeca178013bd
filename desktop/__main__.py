"""python -m desktop, and where the binary starts."""

import os
import sys

CERTIFICATES = "SSL_CERT_FILE"


def main() -> int:
    """Run the program; returns its exit code."""
    # While it is imported aiohttp reads all certificates of the system, twice, for connections that nobody here makes:
    # that would be a fifth of a start.
    given = os.environ.get(CERTIFICATES)
    os.environ[CERTIFICATES] = os.devnull
    try:
        from desktop.cli import main as run
    finally:
        del os.environ[CERTIFICATES]
        if given is not None:
            os.environ[CERTIFICATES] = given
    return run()


if __name__ == "__main__":
    sys.exit(main())
