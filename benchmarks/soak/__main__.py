"""`python -m benchmarks.soak`: kill, stall and starve the processes while messages come and go, and count what is lost.

The scenarios of tests/services at full size, on SQLite (one process) and on PostgreSQL + Redis (web process and
relays). Prints the machine and N with every figure; ends with status 1 when a figure that must be 0 is not, or a goal
is missed.
"""

import argparse
import signal
import sys
import time
import traceback

from benchmarks.machine import machine
from benchmarks.soak.scenario import Figures, Goal, Scenario, all_scenarios
from tests.graph_double import GraphDouble
from tests.services.harness import KINDS, ROOT, Stacks


def main() -> int:
    scenarios = all_scenarios()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=f"of {', '.join(scenarios)}; default: all")
    parser.add_argument("--on", choices=KINDS, help="one of the two; default: both")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the full N (0.1: a tenth)")
    options = parser.parse_args()
    unknown = set(options.scenarios) - set(scenarios)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(scenarios)}")
    print(f"# Soak: {machine()}, scale {options.scale:g}\n", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that processes and databases go, too
    flaws = 0
    folder = ROOT / "var"
    folder.mkdir(exist_ok=True)
    with Stacks(folder) as stacks:
        for kind in [options.on] if options.on else KINDS:
            print(f"## {'SQLite, one process' if kind == 'embedded' else 'PostgreSQL + Redis, web and relays'}\n")
            for name in options.scenarios or scenarios:
                if kind in scenarios[name].on:
                    flaws += run(stacks, kind, scenarios[name], options.scale)
    print("Nothing lost, nothing doubled." if not flaws else f"{flaws} FLAWS.")
    return 1 if flaws else 0


def run(stacks: Stacks, kind: str, scenario: Scenario, scale: float) -> int:
    """Run one scenario on a fresh stack, print its figures, and return the number of flaws."""
    began = time.monotonic()
    figures: Figures
    with GraphDouble() as graph, stacks.stack(kind, graph.url) as stack:
        try:
            figures, flaws = scenario.run(stack, graph, scale)
        except Exception as error:  # noqa: BLE001 - one broken scenario must not cost the figures of the others
            traceback.print_exc()
            figures, flaws = {"gave up": repr(error)}, 1
    flaws += sum(isinstance(figure, Goal) and figure.missed for figure in figures.values())
    print(f"{'ok' if not flaws else 'FLAWED'} {scenario.name}: {scenario.title}")
    print(f"   {', '.join(f'{key} {value}' for key, value in figures.items())}")
    print(f"   {time.monotonic() - began:.0f} s\n", flush=True)
    return flaws


if __name__ == "__main__":
    sys.exit(main())
