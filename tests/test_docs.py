"""What the documents name is there: files, folders, links, ports, settings and types of frames."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = sorted(path.parent.name for path in ROOT.glob("*/apps.py"))
FOLDERS = [*APPS, "config", "deploy", "docs", "tests", "scripts", "benchmarks"]
DOCUMENTS = sorted(
    str(path.relative_to(ROOT))
    for folder in (".", "docs", "docs/decisions", "docs/operations")
    for path in (ROOT / folder).glob("*.md")
)

LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")
# `core/files/uploads.py`, `messaging/relay`: a path below one of our folders.
PATH = re.compile(rf"(?<![\w/.<-])(?:{'|'.join(FOLDERS)})/[\w./-]*\w")


@cache
def text_of(document: str) -> str:
    return (ROOT / document).read_text()


@cache
def section(document: str, heading: str) -> str:
    """What stands below a heading of the second level."""
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text_of(document), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{document} has no heading {heading}"
    return found[1]


def first_column(table: str) -> set[str]:
    """The words in backticks in the first column of a table."""
    return {word for row in re.findall(r"^\|([^|]*)\|", table, re.MULTILINE) for word in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    broken = [link for link in LINK.findall(text_of(document)) if not (folder / link).exists()]

    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_exist(document: str) -> None:
    missing = {path for path in PATH.findall(text_of(document)) if not (ROOT / path).exists()}

    assert missing == set(), "name the file as it is called now"


def test_no_documented_start_tells_what_answers() -> None:
    places = [*DOCUMENTS, "Makefile", "Dockerfile", "docker-compose.yml", "deploy/systemd/patter-web.service"]
    starts = {
        (place, found[0])
        for place in places
        for found in re.finditer(r".*uvicorn\W+config\.asgi:application\W+-(?:.*\\\n)*.*", text_of(place))
    }

    assert {place for place, _ in starts} >= {*places[len(DOCUMENTS) :], "README.md"}
    assert {start for start in starts if "--no-server-header" not in start[1]} == set()


def test_architecture_lists_every_port() -> None:
    ports = re.search(r"^# --- Ports.*?(?=^# --- )", text_of("config/settings.py"), re.MULTILINE | re.DOTALL)
    assert ports is not None
    names = set(re.findall(r"^([A-Z_]+) =", ports[0], re.MULTILINE))

    assert names
    assert first_column(section("docs/architecture.md", "The ports")) == names


def test_architecture_maps_every_folder() -> None:
    mapped = {name.split("/")[0] for name in first_column(section("docs/architecture.md", "The folders"))}

    assert {*APPS, "config"} <= mapped


def test_operations_lists_every_variable() -> None:
    reader = r'(?:env\.\w+|whole_number|rate|yes_or_no|time_of_day|time_zone)\(\s*"([A-Z_]+)"'
    read = set(re.findall(reader, text_of("config/settings.py")))
    # ENV_FILE and TEST_SQLITE are not settings of a running Patter; the table's introduction names the first.
    listed = first_column(section("docs/operations.md", "Settings"))

    assert listed == read - {"ENV_FILE", "TEST_SQLITE"}


def recorded_types(module: ast.Module) -> set[str]:
    """The types of events that a module records, named by a text or by a constant of the module."""
    constants = {
        target.id: node.value.value
        for node in module.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    types = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("record", "record_all"):
            given = node.args[1]
            types.add(constants[given.id] if isinstance(given, ast.Name) else ast.literal_eval(given))
    return types


def test_realtime_lists_every_recorded_event() -> None:
    modules = [ast.parse(path.read_text()) for app in APPS for path in (ROOT / app).rglob("*.py")]
    types = set().union(*map(recorded_types, modules))

    assert {"chat_message", "tags_changed"} <= types
    assert types <= first_column(section("docs/realtime.md", "Frames from the server"))


# Which test runs the commands of a document, block by block. A new block needs one, too.
_GUIDE, _TYPED = "tests/services/test_guide.py", "tests/services/test_documented_commands.py"
_RESTORE = "tests/services/restoring.py"
DJANGOS = {"migrate", "check", "createsuperuser", "showmigrations", "shell", "makemigrations", "test"}
RUN_BY = {
    "README.md": ["tests/test_install.py", *[_TYPED] * 4],
    "docs/api.md": [_GUIDE] * 6,
    "docs/console.md": ["tests/services/test_console_desk.py"],
    "docs/realtime.md": [_TYPED],
    "docs/scale.md": ["tests/services/test_growth.py"],
    "docs/operations/backup.md": [*[_RESTORE] * 8, *[_TYPED] * 2],
    "docs/operations/install.md": [_TYPED] * 8,
    "docs/operations/limits.md": ["tests/services/standby.py"],
    "docs/operations/upgrade.md": [_TYPED] * 3,
    "docs/operations/watch.md": [_TYPED] * 2,
}


def test_every_command_is_run_by_a_test() -> None:
    fence = re.compile(r"^ *```(?:bash|sh|console|shell)$", re.MULTILINE)
    counts = {document: len(fence.findall(text_of(document))) for document in DOCUMENTS}

    assert {document: count for document, count in counts.items() if count} == {
        document: len(tests) for document, tests in RUN_BY.items()
    }, "let a test run the new commands, and name it in RUN_BY"
    assert [test for tests in RUN_BY.values() for test in tests if not (ROOT / test).exists()] == []


@pytest.mark.parametrize("document", [one for one in DOCUMENTS if one != "CHANGELOG.md"])
def test_commands_that_are_named_exist(document: str) -> None:
    text = text_of(document)
    commands = {name for name in re.findall(r"manage\.py ([a-z_]+)", text) if not _is_command(name)}
    modules = {name for name in re.findall(r"python -m (benchmarks[\w.]*)", text) if not _is_module(name)}
    targets = set(re.findall(r"`make ([a-z-]+)", text)) - set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.M))

    assert (commands, modules, targets) == (set(), set(), set())


def _is_command(name: str) -> bool:
    return bool(list(ROOT.glob(f"*/management/commands/{name}.py"))) or name in DJANGOS


def _is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or (path / "__main__.py").exists()


# The sections of ASVS 5.0 with requirements of levels 1 and 2.
ASVS = {1: 5, 2: 4, 3: 7, 4: 4, 5: 4, 6: 8, 7: 6, 8: 4, 9: 2, 10: 0, 11: 6, 12: 3, 13: 4, 14: 3, 15: 4, 16: 5, 17: 0}
ONLY_LEVEL_3 = {"3.1", "6.7"}


def test_security_has_a_line_for_each_section_of_asvs() -> None:
    text = section("docs/security.md", "ASVS 5.0, level 2")

    assert re.findall(r"^### V(\d+) ", text, re.MULTILINE) == [str(chapter) for chapter in ASVS]
    lines = re.findall(
        r"^\| (\d+\.\d+) [^|]+\| (?:met|met in part|not met[^|]*|not applicable) \| \S", text, re.MULTILINE
    )
    every = [f"{chapter}.{number}" for chapter, count in ASVS.items() for number in range(1, count + 1)]
    assert lines == [number for number in every if number not in ONLY_LEVEL_3]


def test_security_names_tests_that_exist() -> None:
    text = text_of("docs/security.md")
    named = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", text)

    assert len(named) > 100
    missing = [
        (path, name)
        for path, name in named
        if name and not re.search(rf"^ *(async )?def {name}\(", text_of(path), re.MULTILINE)
    ]
    assert missing == []
    # A line that is met shows it, or says where to look.
    rows = re.findall(r"^\| \d+\.\d+ .*\| met(?: in part)? \| (.*) \|$", text, re.MULTILINE)
    assert [row for row in rows if "`" not in row and "](" not in row and "above" not in row] == []
