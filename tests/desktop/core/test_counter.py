"""The state machine: what each operation does, and how each is refused."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from desktop.core.counter import (
    DELTA_LIMIT,
    EACH_LIMIT,
    TITLE_LIMIT,
    UNDO_LIMIT,
    VALUE_LIMIT,
    Add,
    Age,
    AnyOperation,
    Client,
    Configure,
    Counter,
    Forget,
    Lower,
    Reset,
    Set,
    Settings,
    SettingsChange,
    Title,
    Undo,
    Verdict,
)

ADA = "ada-0123456789-0123456789"
BOB = "bob-0123456789-0123456789"


class Script:
    """A counter, and clients that number their operations."""

    def __init__(self) -> None:
        self.counter = Counter()

    def op(self, client: str) -> int:
        return self.counter.decided(client) + 1

    def add(
        self, delta: int, client: str = ADA, seen: int | None = None, host: bool = False, voter: str = ""
    ) -> Verdict:
        return self.counter.apply(Add(client, self.op(client), host, delta, seen, voter))

    def lower(self, *voters: str, host: bool = True) -> Verdict:
        return self.counter.apply(Lower(BOB, self.op(BOB), host, list(voters)))

    def set(self, value: int, host: bool = True) -> Verdict:
        return self.counter.apply(Set(BOB, self.op(BOB), host, value))

    def classic_set(self, value: int, host: bool = False) -> Verdict:
        return self.counter.apply(Set("~x~1", 0, host, value))

    def reset(self, host: bool = True) -> Verdict:
        return self.counter.apply(Reset(BOB, self.op(BOB), host))

    def undo(self, host: bool = True) -> Verdict:
        return self.counter.apply(Undo(BOB, self.op(BOB), host))

    def configure(self, change: SettingsChange, host: bool = True) -> Verdict:
        return self.counter.apply(Configure(BOB, self.op(BOB), host, change))


@pytest.fixture
def script() -> Script:
    return Script()


def test_additions_add_up(script: Script) -> None:
    assert [script.add(2), script.add(-5, BOB), script.add(1)] == [Verdict.APPLIED] * 3
    assert script.counter.value == -2
    assert script.counter.revision == 3


def test_a_reset_is_taken_back_also_where_it_changed_no_value(script: Script) -> None:
    script.add(5), script.add(-5), script.reset()
    assert script.undo() is Verdict.APPLIED
    assert (script.counter.value, script.counter.reset_revision) == (0, 0), "the reset, and nothing before it"
    script.undo()
    assert script.counter.value == 5


def test_an_operation_that_comes_again_counts_once(script: Script) -> None:
    click = Add(ADA, 1, False, 2)
    assert script.counter.apply(click) is Verdict.APPLIED
    assert script.counter.apply(click) is Verdict.REPEATED
    assert (script.counter.value, script.counter.revision) == (2, 1)


def test_an_operation_after_a_gap_is_not_decided(script: Script) -> None:
    assert script.counter.apply(Add(ADA, 2, False, 2)) is Verdict.GAP
    assert script.counter == Counter()


def test_a_refused_operation_is_decided_for_good(script: Script) -> None:
    script.configure(SettingsChange(locked=True))
    click = Add(ADA, 1, False, 2)
    assert script.counter.apply(click) is Verdict.LOCKED
    script.configure(SettingsChange(locked=False))
    assert script.counter.apply(click) is Verdict.REPEATED
    assert script.counter.value == 0


@pytest.mark.parametrize("delta", [0, DELTA_LIMIT + 1, -DELTA_LIMIT - 1, VALUE_LIMIT + 1])
def test_an_addition_past_its_limits_is_refused(script: Script, delta: int) -> None:
    assert script.add(delta) is Verdict.OUT_OF_RANGE
    assert (script.counter.value, script.counter.revision) == (0, 0)


@pytest.mark.parametrize("delta", [DELTA_LIMIT, -DELTA_LIMIT])
def test_an_addition_at_its_limit_counts(script: Script, delta: int) -> None:
    assert script.add(delta) is Verdict.APPLIED
    assert script.counter.value == delta


@pytest.mark.parametrize("sign", [1, -1])
def test_the_value_goes_up_to_its_limit_and_not_past_it(script: Script, sign: int) -> None:
    assert script.set(sign * VALUE_LIMIT) is Verdict.APPLIED
    assert script.add(sign) is Verdict.OUT_OF_RANGE
    assert script.set(sign * (VALUE_LIMIT + 1)) is Verdict.OUT_OF_RANGE
    assert script.counter.value == sign * VALUE_LIMIT


def test_only_the_host_sets_resets_undoes_and_configures(script: Script) -> None:
    script.add(1)
    before = script.counter.value, script.counter.revision, script.counter.settings
    assert script.set(5, host=False) is Verdict.NOT_HOST
    assert script.reset(host=False) is Verdict.NOT_HOST
    assert script.undo(host=False) is Verdict.NOT_HOST
    assert script.configure(SettingsChange(title="Mine"), host=False) is Verdict.NOT_HOST
    assert (script.counter.value, script.counter.revision, script.counter.settings) == before


def test_classic_clients_set_while_they_may(script: Script) -> None:
    assert script.classic_set(5) is Verdict.APPLIED
    script.configure(SettingsChange(classic=False))
    assert script.classic_set(6) is Verdict.LOCKED
    script.configure(SettingsChange(classic=True, locked=True))
    assert script.classic_set(7) is Verdict.LOCKED
    assert script.counter.value == 5


def test_classic_clients_may_set_again_and_again(script: Script) -> None:
    assert [script.classic_set(n) for n in (1, 2, 2)] == [Verdict.APPLIED] * 3
    assert script.counter.revision == 3
    assert script.counter.clients == {}


def test_when_locked_guests_only_look_and_the_host_goes_on(script: Script) -> None:
    script.configure(SettingsChange(locked=True))
    assert script.add(1) is Verdict.LOCKED
    assert script.add(1, BOB, host=True) is Verdict.APPLIED
    assert script.counter.value == 1


def test_clicks_made_before_a_reset_do_not_count_after_it(script: Script) -> None:
    script.add(3)
    seen = script.counter.revision
    script.reset()
    assert script.add(1, seen=seen) is Verdict.STALE
    assert script.add(2, seen=script.counter.revision) is Verdict.APPLIED
    assert script.add(4, seen=None) is Verdict.APPLIED
    assert script.counter.value == 6


def test_a_click_made_before_a_reset_counts_once_the_reset_is_taken_back(script: Script) -> None:
    script.add(3)
    seen = script.counter.revision
    script.reset()
    script.undo()
    assert script.add(1, seen=seen) is Verdict.APPLIED
    assert script.counter.value == 4


def test_undo_takes_back_the_newest_change_again_and_again(script: Script) -> None:
    script.add(1)
    script.set(10)
    script.reset()
    script.add(5)
    values = []
    while script.undo() is Verdict.APPLIED:
        values.append(script.counter.value)
    assert values == [0, 10, 1, 0]
    assert script.undo() is Verdict.NOTHING_TO_UNDO


def test_undo_passes_over_what_changed_nothing(script: Script) -> None:
    script.set(7)
    script.set(7)
    script.configure(SettingsChange(step=5))
    assert script.undo() is Verdict.APPLIED
    assert script.counter.value == 0


def test_undo_goes_back_a_hundred_changes_and_no_further(script: Script) -> None:
    for _ in range(UNDO_LIMIT + 20):
        script.add(1)
    while script.undo() is Verdict.APPLIED:
        pass
    assert script.counter.value == 20


def test_every_applied_operation_is_a_revision_and_no_refused_one_is(script: Script) -> None:
    script.configure(SettingsChange(title="Hands"))
    script.set(1)
    script.undo()
    assert script.counter.revision == 3
    script.undo()
    script.add(0)
    assert script.counter.revision == 3


def test_configure_changes_what_it_names_and_nothing_else(script: Script) -> None:
    script.configure(SettingsChange(title="Hands", step=5, goal=100))
    script.configure(SettingsChange(goal=None, locked=True))
    assert script.counter.settings == Settings(title="Hands", step=5, goal=None, locked=True, classic=True)


@pytest.mark.parametrize(
    "change",
    [
        SettingsChange(title="x" * 81),
        SettingsChange(step=0),
        SettingsChange(step=1001),
        SettingsChange(goal=VALUE_LIMIT + 1),
        SettingsChange(goal=-VALUE_LIMIT - 1),
        SettingsChange(each=0),
        SettingsChange(each=EACH_LIMIT + 1),
    ],
)
def test_a_setting_past_its_limit_is_refused_as_a_whole(script: Script, change: SettingsChange) -> None:
    assert script.configure(msgspec.structs.replace(change, locked=True)) is Verdict.OUT_OF_RANGE
    assert script.counter.settings == Settings()


@pytest.mark.parametrize(
    "change",
    [
        SettingsChange(title="x" * 80),
        SettingsChange(step=1),
        SettingsChange(step=1000),
        SettingsChange(goal=VALUE_LIMIT),
        SettingsChange(each=1),
        SettingsChange(each=EACH_LIMIT),
        SettingsChange(each=None),
    ],
)
def test_a_setting_at_its_limit_is_taken(script: Script, change: SettingsChange) -> None:
    assert script.configure(change) is Verdict.APPLIED


# --- a limit for each person ---


def limited(each: int) -> Script:
    script = Script()
    script.configure(SettingsChange(each=each))
    return script


def test_each_person_adds_so_much_and_takes_away_what_is_their_own() -> None:
    script = limited(3)
    assert [script.add(2), script.add(2), script.add(1), script.add(1)] == [
        Verdict.APPLIED, Verdict.OVER_LIMIT, Verdict.APPLIED, Verdict.OVER_LIMIT,
    ]  # fmt: skip
    assert [script.add(-1, BOB), script.add(-3), script.add(-1)] == [
        Verdict.OVER_LIMIT, Verdict.APPLIED, Verdict.OVER_LIMIT,
    ]  # fmt: skip
    assert (script.counter.value, script.counter.hands) == (0, {})


def test_all_pages_of_a_browser_are_one_person_and_without_a_word_each_is_one() -> None:
    script = limited(1)
    assert script.add(1, ADA, voter="one") is Verdict.APPLIED
    assert script.add(1, "another tab", voter="one") is Verdict.OVER_LIMIT
    assert script.add(1, "a third") is Verdict.APPLIED
    assert script.add(-1, "another tab", voter="one") is Verdict.APPLIED
    assert script.counter.hands == {"a third": 1}


def test_a_refusal_is_for_good_and_changes_nothing() -> None:
    script = limited(1)
    script.add(1)
    late = Add(ADA, 2, False, 1)
    before = script.counter.revision
    assert script.counter.apply(late) is Verdict.OVER_LIMIT
    script.configure(SettingsChange(each=None))
    assert script.counter.apply(late) is Verdict.REPEATED
    assert (script.counter.value, script.counter.revision) == (1, before + 1)


def test_the_host_adds_without_a_limit_and_has_no_hand() -> None:
    script = limited(1)
    assert [script.add(5, BOB, host=True), script.add(-7, BOB, host=True)] == [Verdict.APPLIED] * 2
    assert (script.counter.value, script.counter.hands) == (-2, {})


def test_with_a_limit_classic_clients_only_look() -> None:
    script = limited(2)
    assert script.classic_set(5) is Verdict.LOCKED
    assert script.classic_set(5, host=True) is Verdict.APPLIED
    script.configure(SettingsChange(each=None))
    assert script.classic_set(6) is Verdict.APPLIED


def test_what_was_added_before_the_limit_counts_for_nobody() -> None:
    script = Script()
    script.add(7)
    script.configure(SettingsChange(each=1))
    assert script.counter.hands == {}
    assert [script.add(-1), script.add(1), script.add(1)] == [
        Verdict.OVER_LIMIT, Verdict.APPLIED, Verdict.OVER_LIMIT,
    ]  # fmt: skip
    assert script.counter.value == 8


def test_a_limit_that_comes_back_within_the_round_finds_the_hands_as_they_were() -> None:
    script = limited(1)
    script.add(1)
    script.configure(SettingsChange(each=None))
    script.add(4)
    script.configure(SettingsChange(each=1))
    assert script.add(1) is Verdict.OVER_LIMIT
    assert (script.counter.value, script.counter.hands) == (5, {ADA: 1})


def test_what_somebody_has_beyond_a_limit_that_is_lowered_counts_for_nobody() -> None:
    script = limited(3)
    script.add(3), script.add(1, BOB)
    script.configure(SettingsChange(each=2))
    assert (script.counter.value, script.counter.hands) == (4, {ADA: 2, BOB: 1})
    script.configure(SettingsChange(each=3))
    assert script.counter.hands == {ADA: 2, BOB: 1}


def test_what_the_host_sets_moves_no_hand() -> None:
    script = limited(1)
    script.add(1)
    script.set(10)
    assert script.counter.hands == {ADA: 1}
    assert script.add(-1) is Verdict.APPLIED
    assert script.counter.value == 9


def test_a_reset_lowers_all_hands_and_undo_raises_them_again() -> None:
    script = limited(1)
    script.add(1), script.add(1, BOB)
    script.reset()
    assert (script.counter.value, script.counter.hands) == (0, {})
    assert script.add(1) is Verdict.APPLIED
    script.undo(), script.undo()
    assert (script.counter.value, script.counter.hands) == (2, {ADA: 1, BOB: 1})
    assert script.add(1) is Verdict.OVER_LIMIT


def test_undo_takes_back_one_persons_hand() -> None:
    script = limited(2)
    script.add(1), script.add(1, BOB), script.add(1)
    script.undo()
    assert script.counter.hands == {ADA: 1, BOB: 1}
    script.undo()
    assert (script.counter.value, script.counter.hands) == (1, {ADA: 1})


def test_undo_raises_nobodys_hand_above_a_limit_that_was_lowered_meanwhile() -> None:
    script = limited(3)
    script.add(3)
    script.reset()
    script.configure(SettingsChange(each=1))
    script.undo()
    assert (script.counter.value, script.counter.hands) == (3, {ADA: 1})


def test_the_host_takes_down_the_hands_of_those_who_have_gone_and_undo_puts_them_up() -> None:
    script = limited(2)
    script.add(2), script.add(1, BOB), script.add(1, "c", voter="v")
    assert script.lower(ADA, "v", "nobody") is Verdict.APPLIED
    assert (script.counter.value, script.counter.hands) == (1, {BOB: 1})
    assert script.lower(ADA) is Verdict.APPLIED
    script.undo()
    assert (script.counter.value, script.counter.hands) == (4, {ADA: 2, BOB: 1, "v": 1})
    assert script.lower(ADA, host=False) is Verdict.NOT_HOST


def test_a_click_made_before_a_reset_is_stale_and_not_over_the_limit() -> None:
    script = limited(1)
    script.add(1)
    seen = script.counter.revision
    script.reset()
    assert script.add(-1, seen=seen) is Verdict.STALE


def test_the_hands_of_three_thousand_are_remembered_once_however_often_the_count_is_reset() -> None:
    script = limited(1)
    for number in range(3_000):
        script.add(1, f"client {number}")
    for _ in range(50):
        script.reset()
        script.add(1)
    remembered = [len(before.hands) for before in script.counter.undoable]
    assert len(remembered) == UNDO_LIMIT
    assert sum(remembered) <= 3_000 + UNDO_LIMIT
    for _ in range(UNDO_LIMIT):
        script.undo()
    assert (script.counter.value, len(script.counter.hands)) == (3_000, 3_000)


def test_what_an_earlier_program_has_kept_is_read() -> None:
    entries = b'[["add","ada",1,false,1],["add","ada",2,false,-5,7]]'
    assert msgspec.json.decode(entries, type=list[AnyOperation]) == [
        Add("ada", 1, False, 1), Add("ada", 2, False, -5, 7),
    ]  # fmt: skip
    kept = msgspec.json.decode(b'{"value":4,"undoable":[[3,0]],"settings":{"step":2}}', type=Counter)
    assert (kept.settings.each, kept.hands) == (None, {})
    assert kept.apply(Undo(BOB, 1, True)) is Verdict.APPLIED
    assert kept.value == 3


voters = st.sampled_from(["v", "w", ""])
tabs = st.sampled_from([ADA, BOB, "c"])
# What people and the host do, by turns: as often as not the very thing that was done before comes again.
turns = st.lists(
    st.one_of(
        st.tuples(st.just("add"), voters, tabs, st.integers(-2, 2)),
        st.tuples(st.sampled_from(["repeat", "reset", "undo", "restart"])),
        st.tuples(st.just("lower"), st.sets(voters)),
    ),
    max_size=60,
)


@given(turns, st.integers(1, 3))
@hypothesis_settings(deadline=None)
def test_whoever_adds_from_whichever_tab_all_hands_together_are_the_value(turns: list[tuple], each: int) -> None:  # type: ignore[type-arg]
    """Against a model that keeps a copy of everything before each change."""
    script = limited(each)
    kept: list[tuple[int, dict[str, int]]] = []
    sent: list[AnyOperation] = []
    value, hands = 0, dict[str, int]()

    def changed() -> None:
        kept.append((value, dict(hands)))

    for turn in turns:
        match turn:
            case "add", voter, tab, delta:
                who = voter or tab
                sent.append(Add(tab, script.op(tab), False, delta, None, voter))
                verdict = script.counter.apply(sent[-1])
                fits = 0 <= hands.get(who, 0) + delta <= each
                assert (verdict is Verdict.APPLIED) == (fits and delta != 0)
                if verdict is Verdict.APPLIED:
                    changed()
                    value, hands[who] = value + delta, hands.get(who, 0) + delta
            case ("repeat",) if sent:
                assert script.counter.apply(sent[-1]) is Verdict.REPEATED
            case ("reset",):
                changed()
                script.reset()
                value, hands = 0, {}
            case ("undo",):
                assert (script.undo() is Verdict.APPLIED) == bool(kept)
                value, hands = kept.pop() if kept else (value, hands)
            case ("restart",):
                script.counter = msgspec.json.decode(msgspec.json.encode(script.counter), type=Counter)
            case "lower", gone:
                if any(hands.get(who) for who in gone):
                    changed()
                script.lower(*sorted(gone))
                value -= sum(hands.pop(who, 0) for who in gone)
        hands = {who: hand for who, hand in hands.items() if hand}
        assert (script.counter.value, script.counter.hands) == (value, hands)
        assert sum(script.counter.hands.values()) == script.counter.value
        assert all(1 <= hand <= each for hand in script.counter.hands.values())


# Few clients, small numbers and frequent resets, so that the cases that matter meet.
clients = st.sampled_from([ADA, BOB])
ops = st.integers(0, 5)
hosts = st.booleans()
operations: st.SearchStrategy[AnyOperation] = st.one_of(
    st.builds(Add, clients, ops, hosts, st.integers(-3, 3), st.none() | st.integers(0, 6), st.sampled_from(["", "v"])),
    st.builds(Set, clients, ops, hosts, st.integers(-5, 5)),
    st.builds(Reset, clients, ops, hosts),
    st.builds(Undo, clients, ops, hosts),
    st.builds(Configure, clients, ops, hosts, st.builds(SettingsChange, locked=st.booleans(), step=st.integers(0, 2))),
    st.builds(Configure, clients, ops, hosts, st.builds(SettingsChange, each=st.none() | st.integers(0, 3))),
    st.builds(Lower, clients, ops, hosts, st.lists(st.sampled_from(["v", ADA]), max_size=2)),
)


@given(st.lists(operations), st.lists(operations))
def test_a_counter_from_a_snapshot_goes_on_as_the_one_that_made_it(
    before: list[AnyOperation], after: list[AnyOperation]
) -> None:
    original = Counter()
    for operation in before:
        original.apply(operation)
    copy = msgspec.json.decode(msgspec.json.encode(original), type=Counter)
    verdicts = [(original.apply(operation), copy.apply(operation)) for operation in after]
    assert all(a is b for a, b in verdicts)
    assert original == copy


@given(st.lists(operations))
def test_whatever_comes_nothing_but_an_applied_operation_changes_what_people_see(script: list[AnyOperation]) -> None:
    counter = Counter()
    for operation in script:
        before = (
            counter.value,
            counter.revision,
            counter.settings,
            counter.reset_revision,
            list(counter.undoable),
            dict(counter.hands),
        )
        verdict = counter.apply(operation)
        after = (
            counter.value,
            counter.revision,
            counter.settings,
            counter.reset_revision,
            list(counter.undoable),
            dict(counter.hands),
        )
        if verdict is Verdict.APPLIED:
            assert counter.revision == before[1] + 1
        else:
            assert after == before


@given(st.lists(operations))
def test_operations_survive_the_journal_as_they_are(script: list[AnyOperation]) -> None:
    assert msgspec.json.decode(msgspec.json.encode(script), type=list[AnyOperation]) == script


# --- titles, names, and who is forgotten ---


def test_a_title_and_forgetting_are_the_hosts_and_change_no_value() -> None:
    counter = Counter()
    assert counter.apply(Title("ada", 1, False, 0, "x")) is Verdict.NOT_HOST
    assert counter.apply(Forget("ada", 2, False)) is Verdict.NOT_HOST
    assert counter.apply(Title("host", 1, True, 0, "x" * TITLE_LIMIT)) is Verdict.APPLIED
    assert counter.apply(Forget("host", 2, True)) is Verdict.APPLIED
    assert (counter.value, counter.revision, counter.undoable) == (0, 2, [])


@pytest.mark.parametrize(("number", "title"), [(0, "x" * (TITLE_LIMIT + 1)), (-1, "x"), (1, "x")])
def test_a_title_must_be_short_and_of_a_round_that_can_be(number: int, title: str) -> None:
    counter = Counter()
    assert counter.apply(Title("host", 1, True, number, title)) is Verdict.OUT_OF_RANGE
    assert counter.revision == 0


@pytest.mark.parametrize(("compare", "fits"), [(None, True), (2, True), (8, True), (1, False), (9, False)])
def test_so_many_rounds_can_be_shown(compare: int | None, fits: bool) -> None:
    counter = Counter()
    verdict = counter.apply(Configure("host", 1, True, SettingsChange(compare=compare)))
    assert (verdict is Verdict.APPLIED) is fits


def aged(counter: Counter, hour: int, *here: str) -> None:
    assert counter.apply(Age("~", 0, True, hour, list(here))) is Verdict.NOTED


def test_who_has_said_nothing_for_12_hours_and_is_not_here_is_forgotten() -> None:
    counter = Counter()
    aged(counter, 100)
    for client in ("old", "here", "new"):
        counter.apply(Add(client, 1, False, 1))
    aged(counter, 112, "here")
    assert set(counter.clients) == {"old", "here", "new"}
    counter.apply(Add("new", 2, False, 1))
    aged(counter, 113)
    assert set(counter.clients) == {"here", "new"}
    assert counter.apply(Add("new", 2, False, 1)) is Verdict.REPEATED
    assert (counter.value, counter.revision) == (4, 4)


def test_who_was_remembered_before_there_were_hours_is_remembered_for_12_more() -> None:
    counter = Counter(clients={"ada": Client(op=3)})
    aged(counter, 500_000)
    aged(counter, 500_012)
    assert counter.decided("ada") == 3
    aged(counter, 500_013)
    assert counter.decided("ada") == 0


def test_a_clock_that_is_put_back_forgets_nobody_sooner() -> None:
    counter = Counter()
    aged(counter, 900)
    counter.apply(Add("ada", 1, False, 1))
    aged(counter, 100)
    aged(counter, 112)
    assert counter.decided("ada") == 1
    aged(counter, 113)
    assert counter.decided("ada") == 0
