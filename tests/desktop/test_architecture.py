"""What holds for all modules together: who imports whom, and that each has its tests."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
DESKTOP = TESTS.parent.parent / "desktop"

# What each part of desktop/ may know of those before it; itself in any case.
KNOWS: dict[str, set[str]] = {
    "core": set(),
    "network": set(),
    "machine": set(),
    "journal": {"core", "machine"},
    "window": {"machine"},
    "export": {"core", "journal"},
    "server": {"core", "journal", "network", "machine", "export"},
    "launcher": {"core", "journal", "network", "machine", "server"},
    "options": {"journal", "network", "export", "server"},
    "selftest": {"core", "journal", "network", "machine", "server", "launcher", "window"},
    "cli": {
        "core",
        "journal",
        "network",
        "machine",
        "export",
        "server",
        "launcher",
        "window",
        "options",
        "selftest",
    },
    "__main__": {"cli"},
    "__init__": set(),
}

NOT_TESTED_ALONE = {
    "__main__.py",  # run by test_cli.py
    "core/commands.py",  # declarations
    "journal/redis_keys.py",  # what Redis runs: test_redis.py
    "window/qt.py",  # lives in a window's process only: test_window.py
}

MODULES = sorted(path.relative_to(DESKTOP).as_posix() for path in DESKTOP.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The modules that a file imports, anywhere in it, by their full names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: a relative import"
            assert node.module
            # `from desktop.machine import logs` is as good as `import desktop.machine.logs`.
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


def parts_of_ours(path: Path) -> set[str]:
    """The parts of desktop/ that a file imports: the names directly below it."""
    names = {name.split(".")[1] for name in imported(path) if name.startswith("desktop.")}
    return {name for name in names if (DESKTOP / name).is_dir() or (DESKTOP / f"{name}.py").is_file()}


def part_of(module: str) -> str:
    return module.split("/")[0].removesuffix(".py")


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_one_way(module: str) -> None:
    part = part_of(module)

    assert parts_of_ours(DESKTOP / module) <= KNOWS[part] | {part}


def test_every_part_has_its_place_and_knows_only_those_before_it() -> None:
    assert {part_of(module) for module in MODULES} == set(KNOWS)
    parts = list(KNOWS)
    for place, part in enumerate(parts):
        assert KNOWS[part] <= set(parts[:place]), part


def test_only_the_window_knows_its_library_and_the_core_no_library_but_one() -> None:
    for module in MODULES:
        libraries = {name.split(".")[0] for name in imported(DESKTOP / module)}
        if module != "window/window.py":
            assert "webview" not in libraries, module
        if part_of(module) == "core":
            assert not libraries & {"aiohttp", "asyncio", "socket", "sqlite3", "threading", "time"}, module


# What docs.aiohttp.org describes, and this project uses.
DOCUMENTED = {"aiohttp", "aiohttp.web", "aiohttp.typedefs"}
# Of the standard library.
PUBLIC_ALL_THE_SAME = {"_asdict", "_exit", "_replace"}


# The window has to mend what its library leaves; nothing of that reaches aiohttp.
@pytest.mark.parametrize("module", [module for module in MODULES if part_of(module) != "window"])
def test_nothing_of_aiohttps_inside_is_known(module: str) -> None:
    """Neither by name nor as a base class, nor by a reach into what anything else keeps to itself."""
    tree = ast.parse((DESKTOP / module).read_text("utf-8"))
    theirs = {"web", "aiohttp"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "aiohttp":
            assert node.module in DOCUMENTED
            assert not [name.name for name in node.names if name.name.startswith("_")]
            theirs |= {name.asname or name.name for name in node.names}
        if isinstance(node, ast.Import):
            assert not [name.name for name in node.names if name.name.startswith("aiohttp.")]
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            assert not theirs & {first_name(base) for base in node.bases}, node.name
        if isinstance(node, ast.Attribute) and re.match("_(?!_)", node.attr) and node.attr not in PUBLIC_ALL_THE_SAME:
            assert isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"), ast.unparse(node)
        if isinstance(node, ast.Call) and first_name(node.func) in ("getattr", "setattr", "hasattr", "delattr"):
            assert not any(isinstance(given, ast.Constant) and str(given.value).startswith("_") for given in node.args)


def first_name(expression: ast.expr) -> str:
    """`web` of `web.BaseSite[T]`."""
    while isinstance(expression, ast.Attribute | ast.Subscript | ast.Call):
        expression = expression.func if isinstance(expression, ast.Call) else expression.value
    return expression.id if isinstance(expression, ast.Name) else ""


def test_nothing_is_put_together_but_on_the_command_line() -> None:
    assert not [module for module in MODULES if "desktop.cli" in imported(DESKTOP / module) and module != "__main__.py"]


@pytest.mark.parametrize(
    "module",
    [module for module in MODULES if not module.endswith("__init__.py") and module not in NOT_TESTED_ALONE],
)
def test_each_module_has_its_tests_at_the_same_place(module: str) -> None:
    path = Path(module)

    assert (TESTS / path.with_name(f"test_{path.name}")).is_file()


def test_each_file_of_tests_has_its_module() -> None:
    for path in TESTS.rglob("test_*.py"):
        if path != Path(__file__):
            module = path.relative_to(TESTS).with_name(path.name.removeprefix("test_"))
            assert module.as_posix() in MODULES


def test_a_start_waits_for_nothing_that_it_does_not_need() -> None:
    """What takes long to load is loaded when it is used: what makes the window, names and codes."""
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, desktop.cli; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        cwd=DESKTOP.parent,
    ).stdout.split()

    slow = {"webview", "PySide6", "zeroconf", "segno", "wakepy", "jeepney", "xlsxwriter", "redis"}
    assert not slow & set(loaded)
