"""Rules that the shape of the code proves. Each failure says what to do instead."""

import ast
import io
import re
import subprocess
import tokenize
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from accounts.permissions import RightsByAction
from scripts.shape import FunctionNode, Shape
from tests.routes import routes

ROOT = Path(__file__).resolve().parent.parent
APPS = sorted(path.parent.name for path in ROOT.glob("*/apps.py"))
FOLDERS = ["config", *APPS, "benchmarks", "scripts", "tests"]

CIRCLES, LONGEST_CHAIN, MOST_PORTS = 0, 15, 7
LONGEST_FILE, LONGEST_FUNCTION = 300, 40
# A list, read from top to bottom, and every entry belongs into the one place.
LISTS = {"config/settings.py"}

# What every viewset may answer without an `@action`.
STANDARD_ACTIONS = {"list", "create", "retrieve", "update", "partial_update", "destroy"}

# `docs/operations.md`, `core/files`: anything below a folder of ours, and any path with the ending of a text file.
NAMED_PATH = re.compile(
    rf"(?<![\w/.<{{-])(?:(?:{'|'.join([*FOLDERS, 'docs'])})/[\w./-]*\w|[\w.-]+/[\w./-]+\.(?:md|py|toml|ya?ml))"
)
NOT_IN_THE_REPOSITORY = re.compile(r"\breference/|\bDESIGN\b")


@cache
def shape() -> Shape:
    return Shape(ROOT)


@cache
def _nodes() -> tuple[tuple[str, ast.AST], ...]:
    return tuple((module.path, node) for module in shape().modules.values() for node in ast.walk(module.tree))


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def _each(advice: str, found: set[str]) -> str:
    return "\n  ".join([f"{advice}:", *sorted(found)])


def _dotted(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


def test_there_is_something_to_look_at() -> None:
    assert {"accounts", "core", "customers", "messaging", "tags", "whatsapp"} <= set(APPS)
    assert len(shape().modules) > 50
    assert len(list(routes())) > 50
    assert sum(1 for _ in _remarks()) > 1000


# --- Imports ---


def test_circles_of_imports_are_few() -> None:
    assert len(shape().circles) <= CIRCLES, f"move what both sides need below them: {shape().circles}"


def test_the_longest_chain_of_imports_is_short() -> None:
    chain = shape().chain

    assert len(chain) <= LONGEST_CHAIN, f"import what is needed from where it is defined: {' > '.join(chain)}"


def test_private_names_stay_in_their_module() -> None:
    assert shape().private_names() == [], "give the name to both sides: without the underscore, or elsewhere"


def test_ports_are_few() -> None:
    assert 0 < shape().ports() <= MOST_PORTS, "answer with one of the ports there are (config/settings.py)"


def test_only_core_live_talks_to_the_channel_layer() -> None:
    callers = {
        path
        for path, node in _nodes()
        if (isinstance(node, ast.Attribute) and node.attr in ("send_all", "group_send", "group_add"))
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
        if isinstance(node, FunctionNode)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]

    assert found == [], "a cycle is a missing direction: move the code, or use a port"


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


# --- Sizes and names ---


def test_files_stay_short() -> None:
    found = {
        module.path: module.lines
        for module in shape().modules.values()
        if module.lines > LONGEST_FILE and module.path not in LISTS
    }

    assert found == {}, f"make it a package of one noun per file (at most {LONGEST_FILE} lines)"


def test_test_files_have_names_of_their_own() -> None:
    names = Counter(path.name for path in ROOT.glob("tests/**/test_*.py"))

    assert not [name for name, times in names.items() if times > 1], "pytest refuses one of two files of the same name"


def test_functions_stay_short() -> None:
    functions = shape().functions()
    found = {f"{module.path} {node.name}" for module, node, lines in functions if lines > LONGEST_FUNCTION}

    assert found == set(), _each(f"at most {LONGEST_FUNCTION} lines: name the steps", found)


def test_no_drawers_for_everything() -> None:
    names = {"utils", "helpers", "common", "misc", "services"}
    paths = [module.path for module in shape().modules.values()]
    found = [path for path in paths if names & {Path(path).stem, *Path(path).parts[:-1]}]

    assert found == [], "name the module after the one thing it does"


# --- Rights ---


def _without_rights(view: Any) -> set[str]:
    """The actions of a routed view whose rights nobody has named; of a plain view "the view", if it is one."""
    actions = set((getattr(view, "actions", None) or {}).values())
    named_by_route = "permission_classes" in getattr(view, "initkwargs", {})
    if issubclass(view.cls, RightsByAction):
        # It asks `rights` alone, so that what an @action says beside it would count for nothing.
        return actions if named_by_route else actions - view.cls.rights.keys()
    if named_by_route:
        return set()
    ours = [cls for cls in view.cls.__mro__ if cls.__module__.partition(".")[0] in FOLDERS]
    if any("permission_classes" in vars(cls) for cls in ours):
        return actions - STANDARD_ACTIONS
    return actions or {"the view"}


def test_every_action_names_who_may_call_it() -> None:
    views = [view for _, view in routes() if hasattr(view, "cls")]
    views = [view for view in views if view.cls.__module__.partition(".")[0] in FOLDERS]
    found = {f"{_dotted(view.cls)}.{action}" for view in views for action in _without_rights(view)}

    assert found == set(), _each("name it in `rights` (accounts.permissions) or in its @action", found)


# --- Tests ---


@cache
def _tests() -> tuple[tuple[str, ast.AST], ...]:
    paths = sorted((ROOT / "tests").rglob("*.py"))
    return tuple(
        (str(path.relative_to(ROOT)), node) for path in paths for node in ast.walk(ast.parse(path.read_text()))
    )


def test_tests_import_nothing_from_conftest() -> None:
    found = {file for file, node in _tests() for name in _imported(node) if name.rpartition(".")[2] == "conftest"}

    assert found == set(), "pytest loads a conftest by path, so importing it runs it twice: use a module of its own"


def test_tests_replace_nothing_by_its_dotted_name() -> None:
    found = {
        file
        for file, node in _tests()
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "setattr"
        and isinstance(node.args[0], ast.Constant | ast.JoinedStr)
    }

    assert found == set(), _each("use a setting or a double, or patch the imported module", found)


# --- What comments and docstrings cite ---


@cache
def _remarks() -> tuple[tuple[str, str], ...]:
    """Every comment and docstring: the file it is in, and what it says."""
    found = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text, shown = path.read_text(), str(path.relative_to(ROOT))
            tokens = tokenize.generate_tokens(io.StringIO(text).readline)
            found += [(shown, token.string) for token in tokens if token.type == tokenize.COMMENT]
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.Module | ast.ClassDef | FunctionNode) and (said := ast.get_docstring(node)):
                    found.append((shown, said))
    return tuple(found)


def test_paths_that_are_named_exist() -> None:
    found = {
        f"{file} names {path}"
        for file, said in _remarks()
        for path in NAMED_PATH.findall(said)
        if not (ROOT / path).exists() and not NOT_IN_THE_REPOSITORY.match(path)
    }

    assert found == set(), _each("name the file as it is called now", found)


def test_what_is_cited_is_in_the_repository() -> None:
    found = {file for file, said in _remarks() if NOT_IN_THE_REPOSITORY.search(said)}

    assert found == set(), _each("say the fact itself, or cite a file of docs/", found)


def test_nothing_secret_is_tracked() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    tracked = set(listed.stdout.split())

    assert not tracked & {".env", "var", "db.sqlite3"}
