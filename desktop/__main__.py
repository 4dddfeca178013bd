"""python -m desktop, and where the binary starts."""

import ssl
import sys

READS = ("load_default_certs", "set_default_verify_paths")


def main() -> int:
    """Run the program; returns its exit code."""
    # While it is imported aiohttp reads all certificates of the system, twice, for connections that nobody here makes:
    # that would be a fifth of a start.
    reads = {name: getattr(ssl.SSLContext, name) for name in READS}
    for name in READS:
        setattr(ssl.SSLContext, name, lambda *_, **__: None)
    try:
        from desktop.cli import main as run
    finally:
        for name, read in reads.items():
            setattr(ssl.SSLContext, name, read)
    return run()


if __name__ == "__main__":
    sys.exit(main())
