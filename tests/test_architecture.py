"""Rules that are proved by the shape of the code. Each failure says what to do instead."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
APPS = sorted(path.parent.name for path in ROOT.glob("*/apps.py"))
LONGEST_FILE = 300
# A list, read from top to bottom, of which every entry belongs into the one place.
LISTS = {"config/settings.py"}


@cache
def _sources() -> tuple[tuple[str, ast.Module, int], ...]:
    """Every module of the apps and of config: its path, its syntax tree, its number of lines."""
    found = []
    for folder in ("config", *APPS):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                text = path.read_text()
                found.append((str(path.relative_to(ROOT)), ast.parse(text), text.count("\n")))
    return tuple(found)


@cache
def _nodes() -> tuple[tuple[str, ast.AST], ...]:
    return tuple((path, node) for path, tree, _ in _sources() for node in ast.walk(tree))


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def test_there_is_something_to_look_at() -> None:
    assert {"accounts", "core", "customers", "messaging", "tags", "whatsapp"} <= set(APPS)
    assert len(_sources()) > 50


def test_only_core_live_talks_to_the_channel_layer() -> None:
    callers = {
        path
        for path, node in _nodes()
        if (isinstance(node, ast.Attribute) and node.attr in ("group_send", "group_add"))
        or (isinstance(node, ast.Name) and node.id == "get_channel_layer")
    }

    assert callers == {"core/live/hub.py", "core/live/publishing.py"}, "publish through core/live/publishing.py"


def test_no_star_imports() -> None:
    found = [path for path, node in _nodes() if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"]

    assert found == [], "name what is imported"


def test_no_signals_of_our_own() -> None:
    found = [path for path, node in _nodes() for name in _imported(node) if name.startswith("django.db.models.signals")]
    found += [path for path, node in _nodes() if "django.dispatch" in _imported(node)]

    assert found == [], "call the action; what an upper app does with it goes through a port in config/settings.py"


def test_no_imports_inside_functions() -> None:
    found = [
        f"{path}:{inner.lineno}"
        for path, node in _nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert found == [], "a cycle is a missing direction: move the code, or use a port"


def test_no_drawers_for_everything() -> None:
    names = {"utils", "helpers", "common", "misc", "services"}
    found = [path for path, _, _ in _sources() if names & {Path(path).stem, *Path(path).parts[:-1]}]

    assert found == [], "name the module after the one thing it does"


def test_files_stay_short() -> None:
    found = {path: lines for path, _, lines in _sources() if lines > LONGEST_FILE and path not in LISTS}

    assert found == {}, f"make it a package of one noun per file (at most {LONGEST_FILE} lines)"


def test_only_whatsapp_speaks_http() -> None:
    clients = {"httpx", "pywa", "requests", "urllib.request", "aiohttp"}
    found = [
        path
        for path, node in _nodes()
        for name in _imported(node)
        if any(name == client or name.startswith(f"{client}.") for client in clients)
        and not path.startswith("whatsapp/")
    ]

    assert found == [], "go through a transport (messaging/channels.py)"


def test_every_app_is_installed_and_ordered() -> None:
    """Import directions are import-linter's to prove, for every app there is."""
    declared = (ROOT / "pyproject.toml").read_text()

    assert [app for app in APPS if f'"{app}"' not in declared] == [], "add it to the layers in pyproject.toml"


def test_nothing_secret_is_tracked() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    tracked = set(listed.stdout.split())

    assert not tracked & {".env", "var", "db.sqlite3"}
