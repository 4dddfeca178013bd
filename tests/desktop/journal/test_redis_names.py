"""What an entry tells of who asked for something: numbers, tokens and roles, and no name."""

from desktop.core.operations import Add, AnyOperation, Forget
from desktop.core.rounds import Present, Who
from desktop.journal.redis_names import Tokens, Told, decode, encode

ADA, BOB = "ada-0123456789-0123456789", "bob-0123456789-0123456789"
PRESENT = Present(2, {ADA: Who(1, "Ada", "guest"), BOB: Who(2, "", "host")})


def add(client: str, op: int) -> Add:
    return Add(client, op, False, 1)


def test_what_is_told_has_neither_names_nor_clients_and_gives_them_back() -> None:
    operations: list[AnyOperation] = [add(BOB, 1), add(ADA, 1), add(BOB, 2), add("stranger", 1)]
    told, names = Tokens().tell(operations, PRESENT)
    line = encode(told)
    assert not any(word in line for word in (b"Ada", ADA.encode(), BOB.encode()))
    assert decode(line).present(operations, names) == PRESENT
    assert decode(line).present(operations, {}).who[ADA] == Who(1, "", "guest")


def test_a_name_has_one_token_until_names_are_forgotten() -> None:
    tokens = Tokens()
    first, second = (tokens.tell([add(ADA, op)], PRESENT)[1] for op in (1, 2))
    assert first == second
    tokens.forget()
    assert first != tokens.tell([add(ADA, 3)], PRESENT)[1]


def test_of_a_batch_that_forgets_only_who_asks_later_is_named() -> None:
    present = Present(2, {ADA: Who(1, "Ada", "guest"), BOB: Who(2, "Bob", "guest")})
    tokens = Tokens()
    before = tokens.tell([add(ADA, 1)], present)[1]
    _, names = tokens.tell([add(ADA, 2), Forget(BOB, 1, True), add(BOB, 2)], present)
    assert list(names.values()) == ["Bob"]
    assert before.keys().isdisjoint(names)


def test_an_entry_that_tells_nothing_of_it_tells_of_nobody() -> None:
    assert Told().present([add(ADA, 1)], {}) == Present(0, {})
