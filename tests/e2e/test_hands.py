"""One each: who raises a hand, and lowers it, on the phone, in the window and on the wall."""

import random
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.program import Program, until
from tests.e2e.test_views import (
    LOOKS,
    LYING,
    PHONE,
    SCREEN,
    SMALL,
    WINDOW,
    Open,
    ask,
    button,
    colour,
    configure,
    connected,
    host,
    is_fine,
    overflow,
    shared,
    shows,
    visit,
)

__all__ = ["host", "shared", "visit"]

SEED = 16


def hand(page: Page) -> Locator:
    return page.locator(".hand")


def is_up(page: Page, up: bool = True) -> None:
    expect(hand(page)).to_have_attribute("aria-pressed", "true" if up else "false")


def limit(program: Program, page: Page, each: int | None = 1) -> None:
    ask(program, page, {"type": "configure", "settings": {"each": each}}, {"type": "reset"})


@pytest.fixture(autouse=True)
def no_limit(shared: Program, host: Page) -> Iterator[None]:
    yield
    configure(shared, host, each=None)


def test_one_click_in_the_window_gives_each_one_hand_and_another_takes_the_limit_away(
    shared: Program, host: Page, visit: Open
) -> None:
    limit(shared, host, None)
    guest = visit(shared.join_url, PHONE)
    expect(hand(guest)).to_have_count(0)
    button(host, "One each").click()
    expect(button(host, "One each")).to_have_attribute("aria-pressed", "true")
    is_up(guest, False)
    expect(guest.locator(".tap:visible")).to_have_count(1)
    expect(guest.locator(".note")).to_have_text("One each now. Raise your hand, or leave it down.")
    expect(guest.locator(".plate")).to_have_attribute("aria-label", "Hands raised: 0. 0 of 1")
    hand(guest).click()
    is_up(guest)
    for page in (guest, host):
        shows(page, 1)
        expect(page.locator(".plate .goal")).to_have_text("of 1")
    button(host, "One each").click()
    expect(hand(guest)).to_have_count(0)
    expect(button(guest, "Add one")).to_be_enabled()
    expect(guest.locator(".plate .goal")).to_be_hidden()


def test_a_hand_is_raised_and_lowered_by_finger_and_by_keys_and_no_more_than_once(
    shared: Program, host: Page, visit: Open
) -> None:
    limit(shared, host)
    guest = visit(shared.join_url, PHONE, has_touch=True)
    hand(guest).tap()
    shows(host, 1)
    expect(guest.locator(".note")).to_have_text("Your hand is up. Tap again to lower it.")
    hand(guest).tap()
    shows(host, 0)
    expect(guest.locator(".note")).to_have_text("Tap to raise your hand")
    hand(guest).focus()
    guest.keyboard.press("Space")
    shows(host, 1)
    guest.keyboard.press("+")
    expect(guest.locator(".note")).to_have_text("You have raised your hand. It counts once.")
    guest.keyboard.press("-")
    shows(host, 0)
    is_up(guest, False)


def test_a_phone_that_loads_the_page_anew_and_another_tab_show_the_hand_that_is_up(
    shared: Program, host: Page, visit: Open
) -> None:
    limit(shared, host)
    guest = visit(shared.join_url, PHONE)
    hand(guest).click()
    # In the very moment: what is on its way is sent by the page that comes.
    guest.reload()
    connected(guest)
    shows(host, 1)
    is_up(guest)
    tab = guest.context.new_page()
    tab.goto(shared.join_url)
    connected(tab)
    is_up(tab)
    hand(tab).click()
    shows(host, 0)
    is_up(guest, False)
    # Who it is, is kept in the browser and said to nobody.
    voter = guest.evaluate("localStorage.getItem('voter')")
    assert len(voter) >= 22
    assert voter not in host.content()


def test_two_first_pages_of_a_browser_become_one_person(shared: Program, host: Page, visit: Open) -> None:
    limit(shared, host)
    guest = visit(shared.join_url, PHONE)
    tab = guest.context.new_page()
    tab.goto(shared.join_url)
    connected(tab)
    # As if both had found no voter: the one that was slower has written another.
    tab.evaluate("localStorage.setItem('voter', 'slower-0123456789-0123456789')")
    tab.reload()
    connected(tab)
    hand(tab).click()
    shows(host, 1)
    is_up(tab)
    is_up(guest)
    expect(host.locator(".plate .goal")).to_have_text("of 1")


def test_a_click_kept_offline_counts_once_however_often_the_hand_was_raised_meanwhile(
    shared: Program, host: Page, visit: Open
) -> None:
    limit(shared, host)
    guest = visit(shared.join_url, PHONE, watched=False)
    tab = guest.context.new_page()
    guest.context.set_offline(True)
    guest.evaluate("dispatchEvent(new Event('online'))")
    hand(guest).click()
    is_up(guest)
    guest.context.set_offline(False)
    tab.goto(shared.join_url)
    connected(tab)
    shows(host, 1)
    is_up(guest)
    is_up(tab)


def test_a_reset_lowers_all_hands_and_undo_raises_them_again(shared: Program, host: Page, visit: Open) -> None:
    limit(shared, host)
    guests = [visit(shared.join_url, PHONE) for _ in range(2)]
    for number, guest in enumerate(guests):
        hand(guest).click()
        shows(host, number + 1)
    button(host, "Reset to 0").click()
    for guest in guests:
        is_up(guest, False)
    button(host, "Undo").click()
    for guest in guests:
        is_up(guest)
    button(host, "Undo").click()
    is_up(guests[1], False)
    is_up(guests[0])
    shows(guests[0], 1)


def test_with_more_for_each_the_keys_say_what_is_left(shared: Program, host: Page, visit: Open) -> None:
    limit(shared, host, None)
    guest = visit(shared.join_url, PHONE)
    button(host, "Settings").click()
    field = host.get_by_label("Each person may add")
    field.fill("2")
    field.press("Enter")
    expect(guest.locator(".note")).to_have_text("Up to 2 each now.")
    host.keyboard.press("Escape")
    expect(button(host, "2 each")).to_have_attribute("aria-pressed", "true")
    expect(button(guest, "Take one away")).to_be_disabled()
    button(guest, "Add one").click()
    expect(guest.locator(".note")).to_have_text("1 of 2 left for you")
    button(guest, "Add one").click()
    expect(button(guest, "Add one")).to_be_disabled()
    shows(host, 2)
    guest.keyboard.press("+")
    expect(guest.locator(".note")).to_have_text("Not counted. You may add 2, and take away what you added.")


def test_the_host_sees_how_many_took_part_and_lowers_the_hands_of_those_who_left(
    shared: Program, host: Page, visit: Open
) -> None:
    limit(shared, host)
    guests = [visit(shared.join_url, PHONE) for _ in range(3)]
    for number, guest in enumerate(guests):
        hand(guest).click()
        shows(host, number + 1)
    lower = host.locator(".hands button")
    expect(lower).to_be_hidden()
    for guest in guests[:2]:
        guest.close()
    expect(lower).to_have_text("Lower the hands of 2 not here now")
    expect(host.locator(".hands p")).to_have_text("Took part: 3. Here: 1.")
    expect(host.locator(".plate .goal")).to_have_text("of 3")
    lower.click()
    for page in (host, guests[2]):
        shows(page, 1)
        expect(page.locator(".plate .goal")).to_have_text("of 1")
    expect(lower).to_be_hidden()
    is_up(guests[2])


def test_the_host_counts_without_a_limit_and_is_shown_as_such(shared: Program, host: Page, visit: Open) -> None:
    limit(shared, host)
    guest = visit(shared.join_url, PHONE)
    for _ in range(2):
        button(host, "Add one").click()
    shows(guest, 2)
    expect(guest.locator(".plate .goal")).to_have_text("0 of 1")
    expect(host.locator(".note")).to_have_text("Not only hands. What was there before, or is yours, counts for nobody.")
    expect(host.locator(".crowd .who").first).to_have_text("Host no limit")


def test_without_a_goal_everyone_here_is_one(shared: Program, host: Page, visit: Open) -> None:
    limit(shared, host)
    guests = [visit(shared.join_url, PHONE) for _ in range(2)]
    hand(guests[0]).click()
    shows(host, 1)
    expect(host.locator(".note")).not_to_contain_text("Everyone here took part")
    hand(guests[1]).click()
    expect(host.locator(".note")).to_contain_text("Everyone here took part")


@LOOKS
def test_a_key_that_is_down_or_up_is_fine_on_every_phone(
    shared: Program, host: Page, visit: Open, scheme: str, locale: str
) -> None:
    limit(shared, host)
    guest = visit(shared.join_url, SMALL, locale=locale, color_scheme=scheme)
    for up in (False, True):
        is_up(guest, up)
        for size in (SMALL, PHONE, LYING):
            guest.set_viewport_size(size)
            assert overflow(guest) <= 0
            is_fine(guest)
        hand(guest).click()


@LOOKS
def test_window_and_wall_are_fine_with_hands(
    shared: Program, host: Page, visit: Open, scheme: str, locale: str
) -> None:
    limit(shared, host)
    guest = visit(shared.join_url, PHONE)
    hand(guest).click()
    shows(host, 1)
    guest.close()
    page = visit(shared.host_url, WINDOW, locale=locale, color_scheme=scheme)
    expect(page.locator(".hands button")).to_be_visible()
    is_fine(page)
    wall = visit(shared.join_url + "projector", SCREEN, locale=locale, color_scheme=scheme)
    expect(wall.locator(".stage .goal")).to_have_text("of 1" if locale == "en-US" else "sur 1")
    is_fine(wall)


def test_where_colours_are_forced_a_hand_that_is_up_shows(shared: Program, host: Page, visit: Open) -> None:
    limit(shared, host)
    guest = visit(shared.join_url, PHONE, forced_colors="active", reduced_motion="reduce")
    ground = "(key) => getComputedStyle(key).backgroundColor"
    assert hand(guest).evaluate(ground) != colour(guest, "Highlight")
    hand(guest).click()
    is_up(guest)
    until(lambda: hand(guest).evaluate(ground) == colour(guest, "Highlight"))


# Each page clicks by itself, all at once: so many milliseconds from now.
CLICKS = "(times) => times.forEach((ms) => setTimeout(() => document.querySelector('.hand').click(), ms))"


def test_thirty_pages_raise_and_lower_at_random_and_agree(shared: Program, host: Page, visit: Open) -> None:
    limit(shared, host)
    chance = random.Random(SEED)
    guests = [visit(shared.join_url, SMALL) for _ in range(30)]
    clicks = [[chance.randrange(1_500) for _ in range(chance.randrange(6))] for _ in guests]
    for guest, times in zip(guests, clicks, strict=True):
        guest.evaluate(CLICKS, times)
    # One is loaded anew in the middle: what it has not clicked by then it doesn't.
    guests[0].reload()
    connected(guests[0])
    up = [len(times) % 2 == 1 for times in clicks]
    for guest, raised in zip(guests[1:], up[1:], strict=True):
        is_up(guest, raised)
    up[0] = hand(guests[0]).get_attribute("aria-pressed") == "true"
    for page in (host, *guests):
        shows(page, sum(up))
        expect(page.locator(".plate .goal")).to_have_text("of 30")
    assert [hand(guest).get_attribute("aria-pressed") == "true" for guest in guests] == up
