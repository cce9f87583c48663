"""PostgreSQL stores whatever people write only in a database whose encoding is UTF-8.

With another one some texts cannot be stored, or come back as bytes: webhooks would be answered 200 and their messages
not shown. SQLite converts by itself.
"""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, InterfaceError, connection

REMEDY = "Create a database with ENCODING 'UTF8' TEMPLATE template0, and move the data there with pg_dump."


def wrong_encoding() -> str | None:
    """A sentence that says which encoding the database has, if Patter cannot use it. Asks the database."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_encoding')")
        encoding = cursor.fetchone()[0]
    # A database in SQL_ASCII gives bytes instead of texts.
    encoding = encoding.decode() if isinstance(encoding, bytes) else encoding
    return None if encoding == "UTF8" else f"The encoding of the database is {encoding}, but must be UTF8."


def refuse_wrong_encoding() -> None:
    """Raise RuntimeError if the database has another encoding. One that cannot be reached is not refused."""
    try:
        wrong = wrong_encoding()
    except (DatabaseError, InterfaceError):
        return  # /readyz says so, and asks for the encoding as soon as it can be reached
    finally:
        connection.close()
    if wrong is not None:
        raise RuntimeError(f"{wrong} {REMEDY}")


@register(Tags.database)
def check_encoding(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """`manage.py migrate` and `check --database default` refuse such a database, too."""
    wrong = wrong_encoding() if databases else None
    return [Error(wrong, hint=REMEDY, id="patter.E001")] if wrong is not None else []
