"""Django's PostgreSQL backend, with limits on waiting (`ENGINE: core.db.postgresql`)."""
