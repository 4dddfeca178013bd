"""How often one connection may speak, and which of them are one page's."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from desktop.core.member import BAD_LIMIT, BAD_SPAN, BURST, PRESSING_LIMIT, RATE, Bucket, Clients, Member, Window


def test_a_burst_is_taken_at_once() -> None:
    bucket = Bucket(0)
    assert [bucket.take(0) for _ in range(int(BURST))] == [0] * int(BURST)
    assert bucket.take(0) > 0


def test_past_the_burst_messages_are_read_at_the_rate() -> None:
    bucket, now = Bucket(0), 0.0
    for _ in range(int(BURST)):
        bucket.take(now)
    begun = now
    for _ in range(int(RATE)):
        now += bucket.take(now)
    assert abs(now - begun - 1) < 0.001


def test_whoever_presses_on_is_cut_off() -> None:
    bucket, now, taken = Bucket(0), 0.0, 0
    while (pause := bucket.take(now)) != inf:
        now += pause
        taken += 1
    assert PRESSING_LIMIT < now < PRESSING_LIMIT + 0.1
    assert taken <= BURST + RATE * (PRESSING_LIMIT + 0.1)


def test_one_message_at_leisure_is_no_excuse() -> None:
    bucket, now, at_leisure = Bucket(0), 0.0, False
    while (pause := bucket.take(now)) != inf:
        now += pause
        if now > PRESSING_LIMIT - 1 and not at_leisure:
            now, at_leisure = now + 0.5, True
    assert now < PRESSING_LIMIT + 1


def test_a_second_without_a_message_and_all_is_forgotten() -> None:
    bucket, now = Bucket(0), 0.0
    for _ in range(10):
        for _ in range(int(BURST + RATE)):
            pause = bucket.take(now)
            assert pause != inf
            now += pause
        now += 2


@given(st.lists(st.floats(1 / RATE, 10)))
def test_whoever_keeps_to_the_rate_never_waits(pauses: list[float]) -> None:
    bucket, now = Bucket(0), 0.0
    for pause in pauses:
        assert bucket.take(now) == 0
        now += pause


def test_twenty_mistakes_are_forgiven_and_no_more() -> None:
    window = Window()
    assert [window.count(0.1 * n) for n in range(BAD_LIMIT)] == [False] * BAD_LIMIT
    assert window.count(0.1 * BAD_LIMIT)


def test_mistakes_are_forgotten() -> None:
    window = Window()
    assert not any(window.count(n * BAD_SPAN / BAD_LIMIT) for n in range(100))


def test_a_page_may_have_several_connections_and_is_known_as_long_as_it_has_one() -> None:
    clients = Clients()
    one, two = (Member(key, 1, 0, v1=True, local=False) for key in "ab")
    for member in (one, two, one):
        clients.name(member, "ada")
    assert clients == {"ada": {one, two}}
    clients.name(one, "bob")
    clients.part(two)
    clients.part(two)
    assert clients == {"bob": {one}}


def test_what_one_page_could_not_say_is_forgotten_with_it() -> None:
    clients, member = Clients(), Member("a", 1, 0, v1=True, local=False)
    clients.name(member, "ada")
    member.unread = 3
    clients.name(member, "ada")
    assert member.unread == 3
    clients.name(member, "bob")
    assert member.unread == 0
