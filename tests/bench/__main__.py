"""Measure the program beside its peers on this machine, on loopback only.

    python3 build/dev.py bench [--quick] [--only NAME …] [--rounds N] [--json FILE]

Each round runs every server once, one after the other; a ratio is taken within a round, and the median over rounds
is held against the target. The server has one core, the load another.
"""

import argparse
import dataclasses
import json
import os
import platform
import sys
import time
from pathlib import Path

from tests.bench import hosts, page
from tests.bench.peer_packages import provide_peers
from tests.bench.report import judge, table
from tests.bench.scenarios import SCENARIOS, Figures, Scenario, Side, run
from tests.bench.servers import HERE, LOAD_CORE, SERVER_CORE, commands, compiled, running

FULL, QUICK = 540.0, 50.0
"""Seconds after which no other run is begun: a full bench ends within ten minutes, a quick one within one."""


def main() -> int:
    options = parse()
    if not compiled("load", HERE / "load.c"):
        print("The load generator needs gcc and libc6-dev.", file=sys.stderr)
        return 1
    if options.only != [hosts.NAME]:
        provide_peers()
    _, missing = commands()
    deadline = time.monotonic() + (QUICK if options.quick else FULL)
    for name, reason in missing.items():
        print(f"Missing: {name}: {reason}.")
    if SERVER_CORE == LOAD_CORE:
        print("There is one core only: server and load share it, and no figure means much.")
    result: dict[str, object] = {
        "machine": f"{platform.platform()}, {len(os.sched_getaffinity(0))} cores",
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "missing": missing,
    }
    found: dict[str, object] = {}
    wanted = [scenario for scenario in SCENARIOS if not options.only or scenario.name in options.only]
    for scenario in wanted:
        rounds: dict[Side, list[Figures]] = {}
        failures: dict[str, str] = {}
        for _ in range(options.rounds):
            one_round(scenario, rounds, failures, deadline, options.quick)
        print(table(scenario, rounds), flush=True)
        for side, reason in failures.items():
            print(f"  {side}: {reason}")
        found[scenario.name] = {
            "targets": [dataclasses.asdict(judge(target, rounds)) for target in scenario.targets],
            "rounds": {str(side): figures for side, figures in rounds.items()},
            "failures": failures,
        }
    if not options.only or hosts.NAME in options.only:
        why_not = hosts.why_not() or ("no time was left" if time.monotonic() > deadline else None)
        if why_not:
            print(f"\n{hosts.NAME}: {why_not}")
        else:
            shared = hosts.measure(options.rounds, options.quick)
            print(hosts.table(shared), flush=True)
            found[hosts.NAME] = {"rounds": shared}
    if options.json:
        options.json.write_text(json.dumps({**result, "scenarios": found}, indent=1) + "\n", "utf-8")
    return 0


def one_round(
    scenario: Scenario, rounds: dict[Side, list[Figures]], failures: dict[str, str], deadline: float, quick: bool
) -> None:
    """Run each of the scenario's sides once, those that can be started and for which there is time."""
    startable, _ = commands()
    load = dataclasses.replace(scenario.load, seconds=min(scenario.load.seconds, 1.5)) if quick else scenario.load
    held = {side for target in scenario.targets for side in (target.side, target.against)}
    for side in scenario.sides:
        if side.server not in startable or (quick and side not in held):
            continue
        if str(side) in failures:
            continue  # it took its time already
        if time.monotonic() > deadline:
            failures[str(side)] = "no time was left"
            continue
        try:
            with running(startable[side.server]) as (port, pid, started):
                figures = page.watch(port) if scenario.page else run(load, side, port, pid, started)
                rounds.setdefault(side, []).append(figures)
        except RuntimeError as problem:
            failures[str(side)] = str(problem)
            rounds.setdefault(side, []).append({})  # a round that failed is not left out of the median


def parse() -> argparse.Namespace:
    names = [*(scenario.name for scenario in SCENARIOS), hosts.NAME]
    parser = argparse.ArgumentParser(prog="build/dev.py bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one short round, within a minute")
    parser.add_argument("--only", action="append", choices=names, help="only this; may be repeated")
    parser.add_argument("--rounds", type=int, help="default: 3, or 1 with --quick")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures here")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


if __name__ == "__main__":
    sys.exit(main())
