"""Fill a fresh database with one admin and two salespeople, and print who they are with their tokens."""

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from accounts.actions.sessions import sign_in  # noqa: E402
from accounts.models import User  # noqa: E402


def person(username: str, role: str) -> dict[str, object]:
    user = User.objects.create_user(username, f"{username}@desk.example", None, first_name=username, role=role)
    tokens = sign_in(user=user)
    return {"id": user.pk, "token": tokens.access, "refresh": tokens.refresh}


people = {"admin": person("ada", "admin"), "sales": [person("sam", "sales"), person("stella", "sales")]}
sys.stdout.write(json.dumps(people))
