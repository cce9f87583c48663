"""Teams of salespeople."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from core.folding import FoldedField, FoldedQuerySet, Folds, KeyField


class Team(Folds):
    """Salespeople who work together. Its managers see and hand over the customers of its members (`User.team`).

    A manager may be a member, too. Only accounts/actions/teams.py changes teams: what their managers see follows.
    """

    name = models.CharField(max_length=100)
    managers = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="managed_teams", blank=True)

    folded = FoldedField("name")
    name_key = KeyField("name")

    objects = FoldedQuerySet["Team"].as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["name_key"], condition=Q(name_key__isnull=False), name="team_name_once")
        ]

    def __str__(self) -> str:
        return self.name
