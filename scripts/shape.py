"""The shape of the code in figures: `python scripts/shape.py [FOLDER]`.

Counts the product's own code: config and every app, without migrations. Two trees are compared by running it on each
of them; tests/test_architecture.py holds the budgets.
"""

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

# Django's documentation offers these to everybody, in spite of the underscore.
PUBLIC_IN_DJANGO = {"_meta", "_default_manager", "_base_manager"}


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, path below the root, syntax tree and number of lines."""

    name: str
    path: str
    tree: ast.Module
    lines: int

    @property
    def is_package(self) -> bool:
        return self.path.endswith("__init__.py")


class Shape:
    """The product's modules below a folder, and what can be counted of them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.modules = {module.name: module for module in self._read()}

    def _read(self) -> Iterator[Module]:
        folders = ["config", *sorted(path.parent.name for path in self.root.glob("*/apps.py"))]
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*.py")):
                if "migrations" in path.parts:
                    continue
                relative = path.relative_to(self.root)
                name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
                text = path.read_text()
                yield Module(name, str(relative), ast.parse(text), text.count("\n"))

    def functions(self) -> Iterator[tuple[Module, FunctionNode, int]]:
        """Every function with its number of lines, decorators left out."""
        for module in self.modules.values():
            for node in ast.walk(module.tree):
                if isinstance(node, FunctionNode):
                    yield module, node, (node.end_lineno or node.lineno) - node.lineno + 1

    def public_names(self) -> int:
        """Classes and functions at the top of a module whose names begin with no underscore."""
        return sum(
            isinstance(node, FunctionNode | ast.ClassDef) and not node.name.startswith("_")
            for module in self.modules.values()
            for node in module.tree.body
        )

    def imports(self, *, types: bool) -> dict[str, set[str]]:
        """Module -> the modules of ours that it imports; with those under TYPE_CHECKING if `types`."""
        return {module.name: set(self._imports_of(module, types=types)) for module in self.modules.values()}

    def _imports_of(self, module: Module, *, types: bool) -> Iterator[str]:
        for node in _statements(module.tree, types=types):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            else:
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            for name in names:
                target = name if name in self.modules else name.rpartition(".")[0]
                if target in self.modules and target != module.name:
                    yield target

    @cached_property
    def circles(self) -> list[list[str]]:
        """Groups of modules that import each other, imports for types counted."""
        return [sorted(group) for group in _components(self.imports(types=True)) if len(group) > 1]

    @cached_property
    def chain(self) -> list[str]:
        """The longest way from import to import, without those for types."""
        graph = self.imports(types=False)
        longest: dict[str, list[str]] = {}
        for group in _components(graph):  # those that are imported come first
            inside = set(group)
            below = [longest[target] for name in group for target in graph[name] - inside]
            rest = max(below, key=len, default=[])
            for name in group:
                longest[name] = [*sorted(inside), *rest]
        return max(longest.values(), key=len)

    def private_names(self) -> list[str]:
        """Names with an underscore that one module takes from another: imported, or reached as `module._name`."""
        return [found for module in self.modules.values() for found in self._private_in(module)]

    def _private_in(self, module: Module) -> Iterator[str]:
        ours = set()  # what this module calls the modules and classes that it imports from us
        for node in _statements(module.tree, types=True):
            source = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                if f"{source}{alias.name}".partition(".")[0] not in self._folders:
                    continue
                ours.add(alias.asname or alias.name)
                if source and _is_private(alias.name):
                    yield f"{module.path}:{node.lineno} {alias.name}"
        for found in ast.walk(module.tree):
            if isinstance(found, ast.Attribute) and _is_private(found.attr) and ast.unparse(found.value) in ours:
                yield f"{module.path}:{found.lineno} {ast.unparse(found)}"

    @property
    def _folders(self) -> set[str]:
        return {name.partition(".")[0] for name in self.modules}

    def ports(self) -> int:
        """Settings through which a lower app reaches an upper one: the section "Ports" of the settings."""
        text = (self.root / "config/settings.py").read_text()
        section = re.search(r"^# --- Ports.*?(?=^# --- )", text, re.MULTILINE | re.DOTALL)
        return len(re.findall(r"^[A-Z_]+ =|^[A-Z_]+:", section[0], re.MULTILINE)) if section else 0


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in PUBLIC_IN_DJANGO


def _statements(tree: ast.Module, *, types: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    """The import statements of a module; those under TYPE_CHECKING only if asked."""
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        for_types = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if types or not for_types:
            pending += ast.iter_child_nodes(node)


def _components(graph: dict[str, set[str]]) -> list[list[str]]:
    """Strongly connected groups, each after those it leads to (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for target in sorted(graph[name]):
            if target not in index:
                visit(target)
            if target in stack:
                low[name] = min(low[name], low[target])
        if low[name] == index[name]:
            at = stack.index(name)
            found.append(stack[at:])
            del stack[at:]

    for name in sorted(graph):
        if name not in index:
            visit(name)
    return found


def main() -> None:
    shape = Shape(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve())
    lines = sorted(module.lines for module in shape.modules.values())
    lengths = sorted(length for _, _, length in shape.functions())
    figures = {
        "files": len(lines),
        "lines": sum(lines),
        "file median / p90 / max": f"{statistics.median(lines):.0f} / {lines[len(lines) * 9 // 10]} / {lines[-1]}",
        "functions": len(lengths),
        "function median / p90 / max": (
            f"{statistics.median(lengths):.0f} / {lengths[len(lengths) * 9 // 10]} / {lengths[-1]}"
        ),
        "public names": shape.public_names(),
        "circles": len(shape.circles),
        "longest chain": len(shape.chain),
        "ports": shape.ports(),
        "private names of others": len(shape.private_names()),
    }
    for name, value in figures.items():
        print(f"{name:28}{value}")
    for circle in shape.circles:
        print("circle:", ", ".join(circle))
    print("chain:", " > ".join(shape.chain))


if __name__ == "__main__":
    main()
