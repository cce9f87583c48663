"""All settings of Patter. They come from the environment or a `.env` file; docs/operations.md lists them."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import phonenumbers
from corsheaders.defaults import default_headers
from django.core.exceptions import ImproperlyConfigured

from config.environment import (
    MOST_DAYS,
    database_at,
    env,
    rate,
    time_of_day,
    time_zone,
    whole_number,
    yes_or_no,
)
from core.currencies import CURRENCIES
from core.files.addresses import s3_address
from core.redis import service_of

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
# The environment takes precedence over the file. ENV_FILE names another file; the tests use none.
ENV_FILE = env.str("ENV_FILE", default=str(BASE_DIR / ".env"))
env.read_env(ENV_FILE)
# The names under which settings are looked for. core/deployment.py compares them with the names that are there.
SETTING_NAMES = env.asked


# --- Running -------------------------------------------------------------------------------------

DEBUG = yes_or_no("DEBUG", False)

DEVELOPMENT_KEY = "development-key-never-use-it-where-anybody-else-can-reach-patter"
SECRET_KEY = env.str("SECRET_KEY", default="") or (DEVELOPMENT_KEY if DEBUG else "")
if not DEBUG:
    if not SECRET_KEY:
        raise ImproperlyConfigured(
            "Set SECRET_KEY in .env to 50 random characters or more, for example from "
            "`python3 -c 'import secrets; print(secrets.token_urlsafe(50))'`; or set DEBUG=1 to try Patter out."
        )
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY == DEVELOPMENT_KEY:
        raise ImproperlyConfigured(
            "SECRET_KEY is weak: it needs 50 random characters or more, for example from "
            "`python -c 'import secrets; print(secrets.token_urlsafe(50))'`."
        )

# The keys before SECRET_KEY: what they signed still counts, and what they encrypted can be read.
SECRET_KEY_FALLBACKS = [key for key in env.list("SECRET_KEY_FALLBACKS", default=[]) if key]
# Secrets in the database are encrypted with the first of these, and decrypted with any. Empty: SECRET_KEY is used.
FIELD_ENCRYPTION_KEYS = [key for key in env.list("FIELD_ENCRYPTION_KEYS", default=[]) if key]

PORT = whole_number("PORT", 8000, most=65_535)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=["http://localhost:3000"] if DEBUG else [])
# Not the customer's side of the sandbox, which has pages of its own.
CORS_URLS_REGEX = r"^(?!/sandbox/)"
# What pages of these origins may send and read, beside what every page may.
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "if-match", "x-request-id"]
CORS_EXPOSE_HEADERS = [
    "X-Request-ID",
    "Retry-After",
    "Content-Disposition",
    "ETag",
    "Location",
    "Idempotent-Replayed",
]
# Pages of our own hosts may post to Django admin, even if a proxy does not say that they came over TLS.
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[]) + [
    f"https://{'*' if host.startswith('.') else ''}{host}" for host in ALLOWED_HOSTS if host != "*"
]
# Proxies whose X-Forwarded-For and X-Forwarded-Proto count; read in config/asgi.py.
FORWARDED_ALLOW_IPS = env.str("FORWARDED_ALLOW_IPS", default="127.0.0.1")

HTTPS_ONLY = yes_or_no("HTTPS_ONLY", False)
SECURE_SSL_REDIRECT = HTTPS_ONLY
SECURE_HSTS_SECONDS = 31536000 if HTTPS_ONLY else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS_ONLY
SECURE_HSTS_PRELOAD = HTTPS_ONLY
# Django admin: the cookie lasts as long as its session (accounts/page_sessions.py).
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = HTTPS_ONLY
CSRF_COOKIE_SECURE = HTTPS_ONLY
X_FRAME_OPTIONS = "DENY"
# SQLite ignores the columns that indexes only carry, as it should.
SILENCED_SYSTEM_CHECKS = ["models.W040"]

# --- Django --------------------------------------------------------------------------------------

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "accounts.User"
LANGUAGE_CODE = "en"
# Times are kept and answered in UTC. TIME_ZONE in the environment is the zone in which Django admin shows them.
TIME_ZONE = "UTC"
USE_TZ = True
SHOWN_TIME_ZONE = time_zone("TIME_ZONE", "UTC")
FORMAT_MODULE_PATH = ["config.formats"]

INSTALLED_APPS = [
    "core",
    "config.admin_app.PatterAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_yasg",
    "channels",
    "accounts",
    "customers",
    "tags",
    "contacts",
    "customer_data",
    "messaging",
    "whatsapp",
    "console",
    "django_cleanup.apps.CleanupConfig",
]

MIDDLEWARE = [
    "config.middleware.RequestIdMiddleware",
    "config.safe_headers.SafeHeaders",
    "config.middleware.ProbesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "config.middleware.RefuseUnstorableMiddleware",
    "config.middleware.RefusalsMiddleware",
    "config.middleware.AdminTimes",
    "config.middleware.PageSessions",
    "config.middleware.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "config.middleware.PageUsers",
    "config.middleware.PageMessages",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": name}
    for name in (
        "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "django.contrib.auth.password_validation.MinimumLengthValidator",
        "django.contrib.auth.password_validation.NumericPasswordValidator",
        "accounts.passwords.GuessableValidator",
    )
]

PASSWORD_HASHERS = ["accounts.hashers.OneForEachCore"]

# Whitenoise finds static files in the apps, so there is no need for collectstatic.
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(VAR_DIR / "media"))()
MEDIA_URL = "/media/"
# Files on S3 instead, for several machines: s3://bucket/prefix?endpoint=... MEDIA_ROOT then holds only what each
# machine knows of its own relays.
MEDIA_STORAGE = env.str("MEDIA_STORAGE", default="")
# Where browsers fetch files from, beside Patter itself; for the policies of its pages.
MEDIA_ORIGIN = ""
_media_storage: dict[str, Any] = {"BACKEND": "core.files.storage.MediaStorage"}
if MEDIA_STORAGE:
    try:
        _s3 = s3_address(MEDIA_STORAGE, os.environ)
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from None
    MEDIA_ORIGIN = _s3.origin
    _media_storage = {"BACKEND": "core.files.s3.S3MediaStorage", "OPTIONS": {"address": _s3}}
STORAGES = {
    "default": _media_storage,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MAX_UPLOAD_MB = whole_number("MAX_UPLOAD_MB", 50)
# A whole body must have arrived by then: 50 MB at 170 KB/s.
MAX_UPLOAD_SECONDS = whole_number("MAX_UPLOAD_SECONDS", 300)
# The internal location in nginx that serves MEDIA_ROOT, such as `/protected/`. If set, nginx sends the files.
FILES_ACCEL_PREFIX = env.str("FILES_ACCEL_PREFIX", default="")
if FILES_ACCEL_PREFIX and MEDIA_STORAGE:
    raise ImproperlyConfigured(
        "FILES_ACCEL_PREFIX lets nginx send the files in MEDIA_ROOT, but MEDIA_STORAGE keeps them elsewhere. Set one."
    )
# config/uploads.py limits bodies per path before Django reads them. Django's own limit does not count files, so
# it is the one for bodies without files.
WEBHOOK_MAX_BYTES = 3 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = WEBHOOK_MAX_BYTES

# --- Data ----------------------------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="")
DATABASES: dict[str, dict[str, Any]] = {
    "default": database_at(
        "DATABASE_URL", env.str("DATABASE_URL", default="") or f"sqlite:///{VAR_DIR / 'patter.sqlite3'}"
    )
}
_database = DATABASES["default"]
_database["CONN_MAX_AGE"] = 60
# What requests may wait on PostgreSQL, in seconds (core/db/patience.py); while a webhook is handled, a lock for less.
LOCK_TIMEOUT = whole_number("LOCK_TIMEOUT", 3)
WEBHOOK_LOCK_TIMEOUT = whole_number("WEBHOOK_LOCK_TIMEOUT", 1)
STATEMENT_TIMEOUT = whole_number("STATEMENT_TIMEOUT", 30)
IDLE_IN_TRANSACTION_TIMEOUT = whole_number("IDLE_IN_TRANSACTION_TIMEOUT", 60)
# After so much silence the server is asked whether it is still there. Linux waits for 32,767 seconds at most.
DATABASE_KEEPALIVE_SECONDS = whole_number("DATABASE_KEEPALIVE_SECONDS", 30, most=32_767)
# What is between Patter and PostgreSQL: nothing, or a pooler such as PgBouncer in transaction mode.
DATABASE_POOLER = env.str("DATABASE_POOLER", default="") or None
if DATABASE_POOLER not in (None, "transaction"):
    raise ImproperlyConfigured("DATABASE_POOLER must be transaction, or empty.")
if _database["ENGINE"] == "django.db.backends.sqlite3":
    if REDIS_URL:
        raise ImproperlyConfigured(
            "REDIS_URL is for several processes, but SQLite serves only one. Set DATABASE_URL to PostgreSQL as well."
        )
    VAR_DIR.mkdir(exist_ok=True)
    _database["ENGINE"] = "core.db.sqlite"
    _database["OPTIONS"] = {
        # A DEFERRED transaction that reads and then writes can fail with "database is locked".
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL, because NORMAL may lose the last commits in a power failure, and with them webhooks that were accepted.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
    # A file, because Django's test database in memory has no WAL and locks whole tables.
    _database["TEST"] = {"NAME": env.str("TEST_SQLITE", default=str(VAR_DIR / "test.sqlite3"))}
else:
    _database["ENGINE"] = "core.db.postgresql"
    # Before each request, without a round trip (core/db/postgresql/base.py).
    _database["CONN_HEALTH_CHECKS"] = True
    # A pooler gives each transaction another session, in which neither prepared statements nor open cursors are known.
    _database["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_POOLER is not None
    _database.setdefault("OPTIONS", {}).update(
        connect_timeout=5,
        # Only for statements that ask to be prepared (core/db/compiled.py).
        prepare_threshold=5 if DATABASE_POOLER is None else None,
        # A server that is gone without a word is noticed within twice the silence, also while an answer is awaited.
        keepalives=1,
        keepalives_idle=DATABASE_KEEPALIVE_SECONDS,
        keepalives_interval=max(DATABASE_KEEPALIVE_SECONDS // 3, 1),
        keepalives_count=3,
        tcp_user_timeout=DATABASE_KEEPALIVE_SECONDS * 2000,
    )

# A standby of the same database that may only be read, for what may be a moment old (core/db/reports.py).
REPORTS_DATABASE_URL = env.str("REPORTS_DATABASE_URL", default="")
if REPORTS_DATABASE_URL:
    _reports = database_at("REPORTS_DATABASE_URL", REPORTS_DATABASE_URL)
    if (_reports["ENGINE"], _database["ENGINE"]) != ("django.db.backends.postgresql", "core.db.postgresql"):
        raise ImproperlyConfigured(
            "REPORTS_DATABASE_URL is a standby of PostgreSQL. It needs DATABASE_URL to be one, too."
        )
    DATABASES["reports"] = {
        **_database,
        **_reports,
        "ENGINE": _database["ENGINE"],
        "OPTIONS": {**_database["OPTIONS"], "options": "", **_reports.get("OPTIONS", {})},
        "TEST": {"MIRROR": "default"},
    }

# Without Redis one process does everything, including the work of the relay.
EMBEDDED = not REDIS_URL

if REDIS_URL:
    try:
        service_of(REDIS_URL)
    except ValueError as error:
        raise ImproperlyConfigured(str(error)) from None
    _redis = urlsplit(REDIS_URL)
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "core.live.redis_layer.NoticedRedisLayer",
            # Messages published on Redis reach subscribers in all of its databases. The prefix keeps installations
            # apart that share a server and have different databases.
            "CONFIG": {"hosts": [REDIS_URL], "prefix": f"patter{_redis.path}{_redis.query}"},
        }
    }
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            # A text with a comma would be several servers.
            "LOCATION": [REDIS_URL],
            "OPTIONS": {"pool_class": "core.redis.CachePool"},
        }
    }
else:
    # Events do not pass through it: the hub of the only process gets them directly (core/live/hub.py).
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Ports: what a lower app needs from an upper one ----------------------------------------------

# Name -> a provider's app as messaging/channels.py says what it offers; the first one begins chats and sends codes.
CHANNELS = {"whatsapp": "whatsapp.channel.WhatsApp"}
# Called after a login stopped selling (deactivated, another role, about to be removed) was committed: `(user, actor)`.
# It may be interrupted and called again.
ON_LOGIN_REMOVED = ["messaging.actions.leaving.leave"]
# Called inside the transaction that changes a customer's source: `(customer, source_before, actor)`.
ON_SOURCE_CHANGED = ["tags.actions.customer_tags.follow_source"]
# What belongs to a customer: the keepers of each app, in the order in which they export, erase and merge
# (customers/keepers.py).
PERSONAL_DATA = [
    "customers.personal_data.KEEPERS",
    "contacts.personal_data.KEEPERS",
    "tags.personal_data.KEEPERS",
    "customer_data.personal_data.KEEPERS",
    "messaging.personal_data.KEEPERS",
    "whatsapp.personal_data.KEEPERS",
]
# Paths whose errors have a shape of their own: pattern -> what takes the usual error body and returns theirs.
ERROR_SHAPES = {
    r"/api/(contacts|customers-with-contacts|customers/[^/]+/contacts)(/|$)": "contacts.envelope.refusal",
    r"/api/v1/msg(/|$)": "tags.envelope.refusal",
}
# Job sources of the relay, in order of turn (messaging/relay/jobs.py says what one must have).
RELAY_JOBS = [
    "messaging.relay.unwritten.Unwritten",
    "messaging.relay.unindexed.Unindexed",
    "messaging.relay.phone_codes.PhoneCodes",
    "messaging.relay.outbox.Outbox",
    "messaging.relay.preparations.Preparations",
    "whatsapp.webhook.queue.WebhookQueue",
    "messaging.relay.receipts.Receipts",
    "messaging.relay.downloads.Downloads",
    "messaging.relay.leavers.Leavers",
    "messaging.relay.routes.Routes",
    "messaging.relay.pause_notices.PauseNotices",
    "messaging.relay.wakings.Wakings",
    "messaging.relay.away.AwayMessages",
    "messaging.relay.overdue.Overdue",
    "whatsapp.template_syncs.TemplateSyncs",
    "whatsapp.block_requests.BlockRequests",
    "whatsapp.number_profiles.NumberProfiles",
    "accounts.mailing.Mails",
    "accounts.absences.Absences",
    "core.unfolded.Unfolded",
    "core.chores.DailyChores",
]
# What is pruned once a day (core/chores.py): functions that return a list of core.retention.Old.
RETENTION = [
    "customers.retention.old_rows",
    "accounts.retention.old_rows",
    "whatsapp.retention.old_rows",
    "core.idempotency.old_rows",
]

# --- REST ----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.BearerAuthentication"],
    # Views are for admins unless they say who may call them.
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.IsAdmin"],
    "DEFAULT_PARSER_CLASSES": [
        "config.parsers.SafeJSONParser",
        "config.parsers.SafeFormParser",
        "config.parsers.SafeMultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["config.renderers.QuickJSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "config.renderers.QuickNegotiation",
    "DEFAULT_PAGINATION_CLASS": "core.pagination.PageNumberPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "config.errors.exception_handler",
    "DEFAULT_METADATA_CLASS": "config.metadata.ViewMetadata",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "DATETIME_INPUT_FORMATS": ["iso-8601"],
}

ACCESS_TOKEN_MINUTES = whole_number("ACCESS_TOKEN_MINUTES", 15)
REFRESH_TOKEN_DAYS = whole_number("REFRESH_TOKEN_DAYS", 30, most=MOST_DAYS)
# Refreshing makes a session last longer, up to so many days after the sign-in.
SESSION_DAYS = whole_number("SESSION_DAYS", 90, most=MOST_DAYS)
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=ACCESS_TOKEN_MINUTES),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=REFRESH_TOKEN_DAYS),
    "ALGORITHM": "HS256",
    # Not SECRET_KEY itself, so that a token and a signature of Django's can never be mistaken for each other.
    "SIGNING_KEY": f"jwt:{SECRET_KEY}",
    # Seconds by which the clocks of several servers may differ.
    "LEEWAY": 10,
    "AUDIENCE": "patter",
    "ISSUER": "patter",
}
THROTTLE_REGISTER = rate("THROTTLE_REGISTER", "60/hour")
THROTTLE_ACCOUNT_CHECKS = rate("THROTTLE_ACCOUNT_CHECKS", "60/hour")
# Codes for one account, and for one phone from all who only claim it.
THROTTLE_PHONE_CODE = rate("THROTTLE_PHONE_CODE", "5/hour")
# Codes for all phones, and wrong guesses at them, from one address.
THROTTLE_PHONE_CODE_ADDRESS = rate("THROTTLE_PHONE_CODE_ADDRESS", "30/hour")
THROTTLE_LOGIN = rate("THROTTLE_LOGIN", "10/min")
# Failed sign-ins of an address, whatever was typed.
THROTTLE_LOGIN_ADDRESS = rate("THROTTLE_LOGIN_ADDRESS", "100/hour")
# Failures for one login from everywhere, after which answers are held back.
THROTTLE_LOGIN_DELAY = rate("THROTTLE_LOGIN_DELAY", "50/day")
# Asking for a new password and choosing it, per address; mails that go to one login.
THROTTLE_PASSWORD_RESET = rate("THROTTLE_PASSWORD_RESET", "20/hour")
THROTTLE_PASSWORD_MAILS = rate("THROTTLE_PASSWORD_MAILS", "5/hour")
# Wrong codes of a second factor, for one login.
THROTTLE_MFA = rate("THROTTLE_MFA", "20/hour")
REQUIRE_ADMIN_MFA = yes_or_no("REQUIRE_ADMIN_MFA", False)
# How often the audit trail tells that somebody who is throttled goes on, per login and address.
AUDIT_THROTTLES = "1/min"
AUDIT_RETENTION_DAYS = whole_number("AUDIT_RETENTION_DAYS", 365, most=MOST_DAYS)

SWAGGER_USE_COMPAT_RENDERERS = False
SWAGGER_SETTINGS = {
    "DEFAULT_INFO": "config.urls.api_info",
    "SECURITY_DEFINITIONS": {
        "Bearer": {
            "type": "apiKey",
            "name": "Authorization",
            "in": "header",
            "description": "`Bearer <access token>`, from POST /api/auth/login/",
        }
    },
    "DEFAULT_AUTO_SCHEMA_CLASS": "config.schema.PatterAutoSchema",
    "DEFAULT_GENERATOR_CLASS": "config.schema.PatterGenerator",
}

# --- The desk ------------------------------------------------------------------------------------

PHONE_DEFAULT_REGION = env.str("PHONE_DEFAULT_REGION", default="") or "LK"
if PHONE_DEFAULT_REGION not in phonenumbers.SUPPORTED_REGIONS:
    raise ImproperlyConfigured(f"PHONE_DEFAULT_REGION is {PHONE_DEFAULT_REGION!r}, but must be a country code like LK.")
BASE_CURRENCY = env.str("BASE_CURRENCY", default="") or "USD"
if BASE_CURRENCY not in CURRENCIES:
    raise ImproperlyConfigured(f"BASE_CURRENCY is {BASE_CURRENCY!r}, but must be a currency of ISO 4217 like USD.")
ASSIGNMENT_STRATEGY = env.str("ASSIGNMENT_STRATEGY", default="") or "round_robin"
if ASSIGNMENT_STRATEGY not in ("round_robin", "least_busy", "manual"):
    raise ImproperlyConfigured("ASSIGNMENT_STRATEGY must be round_robin, least_busy or manual.")
# With so many open chats, nobody gets new customers by themselves. 0: however many.
MAX_OPEN_CHATS = whole_number("MAX_OPEN_CHATS", 0, least=0)
# Who waits for so long while their salesperson is away goes to somebody else. 0: nobody does.
RETURN_AFTER_MINUTES = whole_number("RETURN_AFTER_MINUTES", 0, least=0)
SALES_SEE_UNASSIGNED = yes_or_no("SALES_SEE_UNASSIGNED", False)
# Who has no socket for so long is away until they have one. 0: nobody is away who does not say so.
AWAY_AFTER_MINUTES = whole_number("AWAY_AFTER_MINUTES", 0, least=0)
# How many minutes before its service window closes a chat that waits counts as closing soon.
CLOSING_SOON_MINUTES = whole_number("CLOSING_SOON_MINUTES", 120)
# How many minutes of working time a customer waits before the desk is told. 0: it is not told.
FIRST_RESPONSE_MINUTES = whole_number("FIRST_RESPONSE_MINUTES", 0, least=0)
# How many sockets a process keeps open for one user, and for an address before anybody has signed in.
SOCKETS_PER_USER = whole_number("SOCKETS_PER_USER", 20)
SOCKETS_PER_ADDRESS = whole_number("SOCKETS_PER_ADDRESS", 100)
EVENT_RETENTION_DAYS = whole_number("EVENT_RETENTION_DAYS", 30, most=MOST_DAYS)
WEBHOOK_RETENTION_DAYS = whole_number("WEBHOOK_RETENTION_DAYS", 30, most=MOST_DAYS)

# --- WhatsApp ------------------------------------------------------------------------------------

WHATSAPP_PHONE_NUMBER_ID = env.str("WHATSAPP_PHONE_NUMBER_ID", default="")
WHATSAPP_ACCESS_TOKEN = env.str("WHATSAPP_ACCESS_TOKEN", default="")
WHATSAPP_APP_SECRETS = [secret for secret in env.list("WHATSAPP_APP_SECRET", default=[]) if secret]
WHATSAPP_VERIFY_TOKEN = env.str("WHATSAPP_VERIFY_TOKEN", default="")
WHATSAPP_GRAPH_URL = env.str("WHATSAPP_GRAPH_URL", default="") or "https://graph.facebook.com"
if not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", WHATSAPP_GRAPH_URL):
    raise ImproperlyConfigured(
        f"WHATSAPP_GRAPH_URL is {WHATSAPP_GRAPH_URL!r}, but must be like https://graph.facebook.com."
    )
WHATSAPP_GRAPH_VERSION = env.str("WHATSAPP_GRAPH_VERSION", default="")
if not re.fullmatch(r"(v?\d+\.\d+)?", WHATSAPP_GRAPH_VERSION):
    raise ImproperlyConfigured(f"WHATSAPP_GRAPH_VERSION is {WHATSAPP_GRAPH_VERSION!r}, but must be like v24.0.")
WHATSAPP_BUSINESS_ACCOUNT_ID = env.str("WHATSAPP_BUSINESS_ACCOUNT_ID", default="")
# What Meta lets one number send.
WHATSAPP_MESSAGES_PER_SECOND = whole_number("WHATSAPP_MESSAGES_PER_SECOND", 80)
WHATSAPP_READ_RECEIPTS = env.str("WHATSAPP_READ_RECEIPTS", default="") or "on_reply"
if WHATSAPP_READ_RECEIPTS not in ("on_reply", "on_read", "off"):
    raise ImproperlyConfigured("WHATSAPP_READ_RECEIPTS must be on_reply, on_read or off.")
WHATSAPP_CODE_TEMPLATE = env.str("WHATSAPP_CODE_TEMPLATE", default="")
WHATSAPP_SANDBOX = not WHATSAPP_ACCESS_TOKEN
if WHATSAPP_ACCESS_TOKEN:
    if not WHATSAPP_APP_SECRETS:
        raise ImproperlyConfigured(
            "WHATSAPP_ACCESS_TOKEN is set without WHATSAPP_APP_SECRET, so anyone could post messages to the webhook. "
            "Set it to the app secret from the settings of your Meta app."
        )
    if not WHATSAPP_PHONE_NUMBER_ID:
        raise ImproperlyConfigured(
            "WHATSAPP_ACCESS_TOKEN needs WHATSAPP_PHONE_NUMBER_ID, the id of the number to send from."
        )
elif not (DEBUG or yes_or_no("WHATSAPP_SANDBOX", False)):
    raise ImproperlyConfigured(
        "WHATSAPP_ACCESS_TOKEN is not set. Set it to send real messages, or set WHATSAPP_SANDBOX=1 to try Patter "
        "without Meta."
    )

# Where people and Meta reach Patter: for links in mails, manage.py doctor and connect_number.
PUBLIC_URL = env.str("PUBLIC_URL", default="").rstrip("/")
if PUBLIC_URL and not re.fullmatch(r"https://[^/?#\s]+", PUBLIC_URL):
    raise ImproperlyConfigured(f"PUBLIC_URL is {PUBLIC_URL!r}, but must be like https://desk.example.com.")

# --- Mail ----------------------------------------------------------------------------------------

try:
    _email = env.email_url_config(env.str("EMAIL_URL", default="") or "consolemail://")
except (ImproperlyConfigured, KeyError, ValueError):
    raise ImproperlyConfigured("EMAIL_URL must be like smtp+tls://user:password@mail.example.com:587.") from None
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST = _email["EMAIL_HOST"] or "localhost"
EMAIL_PORT = _email["EMAIL_PORT"] or 25
EMAIL_HOST_USER = _email["EMAIL_HOST_USER"] or ""
EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20
# Whether people are told of a sign-in from where they never signed in before; by default if mails can be sent.
MAIL_NEW_SIGN_INS = yes_or_no("MAIL_NEW_SIGN_INS", bool(env.str("EMAIL_URL", default="")))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="") or "Patter <patter@localhost>"
# The page of another front end that lets people choose a new password; empty: Patter's own.
PASSWORD_RESET_URL = env.str("PASSWORD_RESET_URL", default="")
if PASSWORD_RESET_URL and "{token}" not in PASSWORD_RESET_URL:
    raise ImproperlyConfigured(
        "PASSWORD_RESET_URL must hold {token}, like https://app.example.com/reset#{token}, for the token of a link."
    )

# --- Operations ----------------------------------------------------------------------------------

# When relays prune and sweep (core/chores.py), in UTC; None: never by themselves.
DAILY_CHORES = time_of_day("DAILY_CHORES", "03:00")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# text, or json: an object on each line.
LOG_FORMAT = env.str("LOG_FORMAT", default="") or "text"
if LOG_FORMAT not in ("text", "json"):
    raise ImproperlyConfigured("LOG_FORMAT must be text or json.")
# An answer that takes longer to begin is logged once more, as a warning.
SLOW_REQUEST_MS = whole_number("SLOW_REQUEST_MS", 1000)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"text": {"()": "core.logs.TextLines"}, "json": {"()": "core.logs.JsonLines"}},
    "filters": {"refused_hosts": {"()": "core.logs.RefusedHosts"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Otherwise every 4xx is a warning. The access log has them already.
        "django.request": {"level": "ERROR"},
        # Answered with 400. Scanners would fill the log.
        "django.security.DisallowedHost": {"filters": ["refused_hosts"]},
        "django.channels.server": {"level": "WARNING"},
        # It logs the URL of every request, and those of Meta's media contain credentials.
        "httpx": {"level": "WARNING"},
        # It tells where it found credentials, for each client.
        "botocore.credentials": {"level": "WARNING"},
    },
}
