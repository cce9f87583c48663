"""Cursors for the hot paths, whose statements PostgreSQL parses and plans only once per connection.

Django puts the parameters into the text of a statement, so PostgreSQL parses a new text each time. That took a third of
the time of storing a webhook. Use these cursors only for hand-written statements that find one row by its key: the best
plan of any other statement may depend on its parameters.
"""

from typing import Any

import psycopg
from django.db import connection


def prepared_cursor() -> Any:
    """Return a cursor like `connection.cursor()`. On PostgreSQL it prepares statements that run often.

    How often is set by `prepare_threshold` in the OPTIONS of the database.
    """
    cursor = connection.cursor()
    if connection.vendor == "postgresql":
        cursor.cursor = psycopg.Cursor(cursor.cursor.connection)
    return cursor
