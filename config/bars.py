"""The small chart of the front page: messages in and out, hour by hour, as shapes for an SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

# In units of the SVG. Its width is that of 24 hours.
HEIGHT, HOUR, BAR, GAP = 100, 30, 11, 2


@dataclass(frozen=True)
class Bar:
    x: int
    y: int
    width: int
    height: int
    kind: str


@dataclass(frozen=True)
class Hour:
    """A row of the table that says the same as the chart."""

    label: str
    inbound: int
    outbound: int


@dataclass(frozen=True)
class Bars:
    """`most` is the number that the highest bar stands for."""

    hours: list[Hour]
    bars: list[Bar]
    ticks: list[tuple[int, str]]
    most: int
    inbound: int
    outbound: int
    width: int = 24 * HOUR
    height: int = HEIGHT


def bars_of(hours: Sequence[tuple[datetime, int, int]], now: datetime) -> Bars:
    """Make the chart of a day. Hours that have not begun are in it, but not in the table."""
    most = max((max(inbound, outbound) for _, inbound, outbound in hours), default=0)
    bars = []
    for place, (_, inbound, outbound) in enumerate(hours):
        left = place * HOUR + (HOUR - 2 * BAR - GAP) // 2
        for x, count, kind in ((left, inbound, "in"), (left + BAR + GAP, outbound, "out")):
            if count:
                # What is there is seen, however much there is beside it.
                height = max(round(count / most * HEIGHT), 2)
                bars.append(Bar(x, HEIGHT - height, BAR, height, kind))
    return Bars(
        hours=[Hour(f"{hour:%H:%M}", inbound, outbound) for hour, inbound, outbound in hours if hour <= now],
        bars=bars,
        ticks=[(place * HOUR, f"{hour:%H:%M}") for place, (hour, _, _) in enumerate(hours) if place % 6 == 0],
        most=most,
        inbound=sum(inbound for _, inbound, _ in hours),
        outbound=sum(outbound for _, _, outbound in hours),
    )
