"""How PostgreSQL finds the session of a request, with its login (accounts/actions/sessions.py)."""

import pytest
from django.db import connection
from django.utils import timezone

from accounts.actions import sessions
from accounts.models import User


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such plans")
def test_it_is_found_by_keys_although_its_login_is_new(admin: User, owner: User) -> None:
    """PostgreSQL believes that only logins with low ids have sessions, and would join all up to this one."""
    User.objects.bulk_create(User(username=f"shop{n}", email=f"shop{n}@example.com") for n in range(3_000))
    new = User.objects.create_user("new", "new@example.com", role="sales")
    for user in (admin, owner) * 3:
        sessions.sign_in(user=user)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_user; ANALYZE accounts_session")
        cursor.execute("SET LOCAL enable_seqscan = off")
    session = sessions.sign_in(user=new).session

    plan = sessions._LIVE.queryset(sid=session.pk, now=timezone.now()).explain()

    assert "accounts_user_pkey on accounts_user" in plan, plan
    assert "Merge Join" not in plan, plan
