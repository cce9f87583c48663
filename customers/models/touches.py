"""What `referral_first` and `referral_last` say of an advertisement, as expressions.

They are pieces of SQL without parameters, so that an index on one is found on both databases.
"""

from typing import Any

from django.db.models import CharField, DateTimeField, Func


class Touch(Func):
    """A text that Meta said of the advertisement: `Touch("referral_first", said="source_id")`.

    Only the first 200 characters: an entry of an index has its limit.
    """

    template = "left(%(expressions)s ->> '%(said)s', 200)"
    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """The same; `->>` is newer than the oldest SQLite that works."""
        text = "substr(json_extract(%(expressions)s, '$.%(said)s'), 1, 200)"
        return self.as_sql(compiler, connection, template=text, **extra)


class TouchedAt(Func):
    """When somebody came by the advertisement, to compare with columns of times."""

    template = "((%(expressions)s ->> 'at')::timestamptz)"
    output_field = DateTimeField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """As SQLite keeps times."""
        text = "replace(substr(json_extract(%(expressions)s, '$.at'), 1, 19), 'T', ' ')"
        return self.as_sql(compiler, connection, template=text, **extra)


def ad_of(referral: str) -> Touch:
    """The advertisement's id at Meta."""
    return Touch(referral, said="source_id")
