"""The messages of `protocol` by which a page asks for an operation, and which one that is."""

from typing import Annotated

from msgspec import Meta, Struct, structs

from desktop.core.operations import (
    VALUE_LIMIT,
    Add,
    AnyOperation,
    Configure,
    Forget,
    Lower,
    Reset,
    Set,
    SettingsChange,
    Title,
    Undo,
)

Op = Annotated[int, Meta(ge=1, le=VALUE_LIMIT)]


class ClientMessage(Struct, frozen=True, tag_field="type", tag=str.lower):
    pass


class AddRequest(ClientMessage, frozen=True, tag="add"):
    op: Op
    delta: int
    seen: int | None = None

    def operation(self, client: str, host: bool) -> AnyOperation:
        seen = None if self.seen is None else clamp(self.seen)
        return Add(client, self.op, host, clamp(self.delta), seen)


class SetRequest(ClientMessage, frozen=True, tag="set"):
    op: Op
    value: int

    def operation(self, client: str, host: bool) -> AnyOperation:
        return Set(client, self.op, host, clamp(self.value))


class ResetRequest(ClientMessage, frozen=True, tag="reset"):
    op: Op

    def operation(self, client: str, host: bool) -> AnyOperation:
        return Reset(client, self.op, host)


class UndoRequest(ClientMessage, frozen=True, tag="undo"):
    op: Op

    def operation(self, client: str, host: bool) -> AnyOperation:
        return Undo(client, self.op, host)


class ConfigureRequest(ClientMessage, frozen=True, tag="configure"):
    op: Op
    settings: SettingsChange

    def operation(self, client: str, host: bool) -> AnyOperation:
        change = self.settings
        if isinstance(change.step, int):
            change = structs.replace(change, step=clamp(change.step))
        if isinstance(change.goal, int):
            change = structs.replace(change, goal=clamp(change.goal))
        if isinstance(change.each, int):
            change = structs.replace(change, each=clamp(change.each))
        if isinstance(change.compare, int):
            change = structs.replace(change, compare=clamp(change.compare))
        return Configure(client, self.op, host, change)


class LowerRequest(ClientMessage, frozen=True, tag="lower"):
    op: Op

    def operation(self, client: str, host: bool) -> AnyOperation:
        return Lower(client, self.op, host)


class TitleRequest(ClientMessage, frozen=True, tag="title"):
    op: Op
    round: int
    title: str

    def operation(self, client: str, host: bool) -> AnyOperation:
        return Title(client, self.op, host, clamp(self.round), self.title)


class ForgetRequest(ClientMessage, frozen=True, tag="forget"):
    op: Op

    def operation(self, client: str, host: bool) -> AnyOperation:
        return Forget(client, self.op, host)


OperationRequest = (
    AddRequest
    | SetRequest
    | ResetRequest
    | UndoRequest
    | ConfigureRequest
    | LowerRequest
    | TitleRequest
    | ForgetRequest
)


def clamp(number: int) -> int:
    """The number itself, or one just past VALUE_LIMIT: still out of range, but of a size that a journal can keep."""
    return max(-VALUE_LIMIT - 1, min(VALUE_LIMIT + 1, number))
