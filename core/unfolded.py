"""Rows that Patter of another version has written, or somebody with SQL: what is searched of them is folded later.

The relay looks for rows that lack it. Once a day it compares all rows (core/chores.py), because one that was changed by
somebody else has what it said before.
"""

from django.db import models

from core.folding import clashing, fold_rows, models_that_fold, not_folded
from core.lookout import Lookout


class Unfolded(Lookout[list[type[models.Model]]]):
    """The relay's source of tables with rows that are not folded yet."""

    SECONDS = 15.0

    def look(self) -> list[type[models.Model]] | None:
        return [model for model in models_that_fold() if model._base_manager.filter(not_folded(model)).exists()]

    def run(self, job: list[type[models.Model]]) -> None:
        for model in job:
            for _ in fold_rows(model, not_folded(model)):
                pass


def clashes() -> list[str]:
    """A line for each row whose name another row had first, such as two logins Éva and éva."""
    return [
        f"{model._meta.verbose_name} {row.pk} ({getattr(row, name)}): another one had this {name} first"
        for model in models_that_fold()
        for name, row in clashing(model)
    ]
