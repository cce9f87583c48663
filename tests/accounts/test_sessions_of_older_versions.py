"""While a new version is started, the one before still signs people in, with the columns that it knows."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Session, User

# The columns of 2026-11-27.
OLD = ("id", "user_id", "refresh_jti", "recently_used", "created_at", "expires_at")


@pytest.mark.django_db
def test_a_sign_in_with_the_columns_of_before(owner: User) -> None:
    now = timezone.now()
    pk = uuid.uuid4()
    key = pk.hex if connection.vendor == "sqlite" else pk
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Session._meta.db_table} ({', '.join(OLD)}) VALUES (%s, %s, 'x', '[]', %s, %s)",
            [key, owner.pk, now, now + timedelta(days=1)],
        )
    session = Session.objects.live().get(pk=pk)
    assert (session.kind, session.address, session.user_agent) == ("api", "", "")
    assert abs(session.last_seen_at - now) < timedelta(minutes=5)
