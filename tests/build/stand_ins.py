"""What stands in for commands."""


class Commands:
    """Stands in for `call`: keeps the commands and answers with the next of the exit codes, 0 when none is left."""

    def __init__(self, *codes: int) -> None:
        self.run: list[list[str]] = []
        self._codes = list(codes)

    def __call__(self, command: list[str], **_: object) -> int:
        self.run.append(command)
        return self._codes.pop(0) if self._codes else 0
