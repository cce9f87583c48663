"""What a scenario is. Each module in benchmarks/soak/scenarios/ is one; adding the file is all it takes.

Its docstring is the line printed with its figures. It has a function `run(stack, graph, scale)`, which is given a fresh
stack with nothing started and a Graph API double, and returns figures and the number of flaws. If it says
`ON = ("services",)`, it runs only on those of KINDS.
"""

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from benchmarks.soak import scenarios
from tests.graph_double import GraphDouble
from tests.services.harness import KINDS, Server, Stack

# Figures are printed in order. A Goal that is missed counts as a flaw.
Figures = dict[str, Any]


@dataclass(frozen=True)
class Goal:
    """A figure with the most that it may be, in the same unit."""

    seen: float
    at_most: float
    unit: str = ""

    @property
    def missed(self) -> bool:
        return not self.seen <= self.at_most

    def __str__(self) -> str:
        return f"{self.seen:g}{self.unit} (goal {self.at_most:g}{self.unit}{', MISSED' if self.missed else ''})"


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    run: Callable[[Stack, GraphDouble, float], tuple[Figures, int]]
    on: tuple[str, ...]


def all_scenarios() -> dict[str, Scenario]:
    """Return the scenarios by name, in the order of their names."""
    found = {}
    for module in pkgutil.iter_modules(scenarios.__path__):
        loaded = import_module(f"{scenarios.__name__}.{module.name}")
        title = " ".join((loaded.__doc__ or "").partition("\n\n")[0].split())
        found[module.name] = Scenario(module.name, title, loaded.run, getattr(loaded, "ON", KINDS))
    return found


def start_web(stack: Stack) -> list[Server]:
    """Start what sends and return the web processes: one if the stack is embedded, otherwise two."""
    server, _ = stack.start(relays=2)
    if stack.embedded:
        return [server]
    second = stack.server()
    second.start()
    return [server, second]
