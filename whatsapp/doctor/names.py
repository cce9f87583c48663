"""Names that must be the only ones of their kind."""

from collections.abc import Iterator

from core.unfolded import clashes
from whatsapp.doctor.findings import OK, WARNING, Finding


def look_at_names() -> Iterator[Finding]:
    """Whether two rows have one name, from before the database told them apart as Patter does."""
    found = False
    for clash in clashes():
        found = True
        yield Finding("names", WARNING, f"{clash}.", "Rename one of them in Django admin.")
    if not found:
        yield Finding("names", OK, "no two logins, teams or groups share one.")
