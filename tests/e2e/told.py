"""What the server tells of rounds that it would take days to make, in its place."""

import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import Page, Request, Route, WebSocketRoute, expect

MINUTE = 60_000
DAY = 24 * 60 * MINUTE


def somebody(name: str, person: int = 7, role: str = "guest") -> dict[str, Any]:
    return {"name": name, "person": person, "role": role}


class Told:
    """What the server tells, of rounds that it would take days to make: the last of them is still going."""

    def __init__(self, *rounds: tuple[str, int, list[int], int | None]) -> None:
        """Each is its title, how many minutes ago it began, its values, and its goal."""
        self.now = int(datetime.now().timestamp() * 1000)
        self.asked: list[str] = []
        self.compare: int | None = None
        self.rounds: list[dict[str, Any]] = []
        self.changes: list[dict[str, Any]] = []
        who = [somebody("Ada"), somebody("", 12), somebody("Ana María"), somebody("", 1, "host")]
        for number, (title, ago, values, goal) in enumerate(rounds, 1):
            begin, live, before = self.now - ago * MINUTE, number == len(rounds), 0
            step = (ago * MINUTE if live else 10 * MINUTE) // (len(values) + 1)
            its: list[dict[str, Any]] = []
            for place, value in enumerate(values, 1):
                its.append(
                    {
                        "at": begin + place * step,
                        "delta": value - before,
                        "value": value,
                        "kind": "add",
                        "who": who[place % 4],
                        "round": number,
                    }
                )
                before = value
            if self.changes and its:
                fell = {
                    "at": its[0]["at"] - 1,
                    "delta": 0,
                    "value": 0,
                    "kind": "reset",
                    "who": who[3],
                    "round": number - 1,
                }
                self.changes.append(fell)
            self.changes += its
            low, high = min([0, *values]), max([0, *values])
            reached = goal is not None and before >= goal
            first, last = (its[0]["at"], its[-1]["at"]) if its else (None, None)
            self.rounds.append(
                {"round": number, "number": number, "title": title, "from": first, "to": last, "value": before}
                | {"low": low, "high": high, "people": 4 if its else 0, "here": 5, "goal": goal, "reached": reached}
                | {"live": live}
            )

    def history(self, asked: dict[str, list[str]]) -> dict[str, Any]:
        """What /history.json answers."""
        changes = self.changes
        if number := asked.get("round"):
            changes = [change for change in changes if change["round"] == int(number[0]) and change["kind"] != "reset"]
        since = {"five": self.now - 5 * MINUTE, "round": self._begin}.get(asked.get("range", ["round"])[0], 0)
        inside = changes if number else [change for change in changes if change["at"] > since]
        before = [change["value"] for change in changes if change["at"] <= since]
        return {
            "now": self.now,
            "revision": len(self.changes),
            "rounds": len(self.rounds) - 1,
            "from": (inside[0]["at"] - MINUTE if inside else None),
            "to": inside[-1]["at"] if inside else None,
            "before": before[-1] if before and not number else 0,
            "goal": self.rounds[int(number[0]) - 1]["goal"] if number else None,
            "live": not number or int(number[0]) == len(self.rounds),
            "changes": inside,
            "people": [{"at": since or self.now - DAY, "n": 3}, {"at": self.now - 3 * MINUTE, "n": 23}],
            "names": True,
        }

    @property
    def _begin(self) -> int:
        its = [change["at"] for change in self.changes if change["round"] == len(self.rounds)]
        return its[0] - 1 if its else self.now

    def told_of_rounds(self, asked: dict[str, list[str]]) -> Any:
        """What /rounds.json answers."""
        if number := asked.get("round"):
            its = [change for change in self.changes if change["round"] == int(number[0])]
            sums: dict[str, int] = {}
            for change in its:
                sums[json.dumps(change["who"])] = sums.get(json.dumps(change["who"]), 0) + change["delta"]
            added = [json.loads(who) | {"added": added} for who, added in sums.items()]
            return self.rounds[int(number[0]) - 1] | {"added": added}
        return self.rounds[::-1][: int(asked.get("last", ["999"])[0])]

    def answer(self, route: Route, request: Request) -> None:
        """In the server's place."""
        self.asked.append(request.url)
        address = urlparse(request.url)
        asked = parse_qs(address.query)
        route.fulfill(json=self.history(asked) if address.path == "/history.json" else self.told_of_rounds(asked))

    def line(self, route: WebSocketRoute) -> None:
        """A page's connection, to a counter that has these rounds."""
        server = route.connect_to_server()

        def tell(told: str | bytes) -> None:
            message = json.loads(told)
            if message["type"] == "state":
                message["counter"], message["revision"] = self.rounds[-1]["value"], len(self.changes)
                if "settings" in message:
                    one = self.rounds[-1]
                    message["settings"] |= {"title": one["title"], "goal": one["goal"], "compare": self.compare}
            route.send(json.dumps(message))

        server.on_message(tell)

    def serve(self, page: Page, *, host: bool = False) -> Page:
        """Tell it to a page, from its next load on; to a host's, until it is drawn."""
        page.route("**/history.json*", self.answer)
        page.route("**/rounds.json*", self.answer)
        page.route_web_socket("**/ws", self.line)
        if host:
            with page.expect_response("**/history.json*") as told:
                page.reload()
            told.value.finished()
            page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        else:
            page.reload()
        expect(page.locator("html")).to_have_attribute("data-link", "up", timeout=15_000)
        return page


Rounds = tuple[tuple[str, int, list[int], int | None], ...]

LAPS = "Laps around the school yard for the charity run of the whole lower school"
MANY: Rounds = (
    ("Warm-up", 2 * 24 * 60, [20, 60, 128], None),
    (LAPS, 25 * 60, [100, 600, 1247], 1200),
    ("", 50, [3, 9], None),
    ("For the museum, minus against", 44, [2, -5, -12], 10),
    ("Who walks?", 30, [7], None),
    ("Who takes the bus?", 26, [12, 19, 18], None),
    ("Hands raised", 16, [5, 12, 20, 31, 29, 42], 50),
)
ONE: Rounds = (("Hands raised", 16, [], None),)
BIG: Rounds = (
    ("Stars", 30, [4, -9007199254740991], None),
    ("Grains of sand", 16, [9007199254740980, 9007199254740991], 9007199254740991),
)
