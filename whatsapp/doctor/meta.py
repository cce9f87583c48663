"""What Meta says about the token, the numbers and the templates."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from messaging.models import UNTIL_RESUMED, BusinessNumber, PauseKind
from whatsapp.access_tokens import access_of
from whatsapp.business_numbers import TRANSPORT, home_number
from whatsapp.doctor.findings import BROKEN, OK, WARNING, Finding
from whatsapp.doctor.machine import clock
from whatsapp.graph.questions import Graph, GraphSays, Token
from whatsapp.models import Template, TemplateSync

ENDS_SOON = timedelta(days=7)
NEW_TOKEN = "Make a token of a system user in Meta's Business settings, and set it with manage.py connect_number."
# More would take minutes.
MOST_NUMBERS = 20


def look_at_token() -> Iterator[Finding]:
    """The token from the environment, and the app secret."""
    if settings.WHATSAPP_SANDBOX:
        yield Finding("token", OK, "none: the sandbox sends nothing to Meta.", "manage.py connect_number sets one.")
        return
    with Graph(settings.WHATSAPP_ACCESS_TOKEN) as graph:
        try:
            token = graph.token()
        except GraphSays as error:
            todo = NEW_TOKEN if error.code == 190 else "Look at DNS, the firewall and WHATSAPP_GRAPH_URL."
            yield Finding("token", BROKEN, str(error), todo)
            return
        yield of_token(token)
        if token.valid:
            yield from _secrets(graph, token)
            yield from _subscription(graph, token)
        if graph.clock is not None:
            yield clock(graph.clock, "Meta")


def of_token(token: Token) -> Finding:
    """What a token can do."""
    if not token.valid:
        return Finding("token", BROKEN, f"Meta no longer accepts it. {token.reason}".rstrip(), NEW_TOKEN)
    if token.missing_scopes:
        todo = "Give the system user these permissions, and make a new token."
        return Finding("token", BROKEN, f"it lacks {', '.join(token.missing_scopes)}.", todo)
    if token.expires_at is not None:
        soon = token.expires_at - datetime.now(UTC) < ENDS_SOON
        text = f"it ends on {token.expires_at:%Y-%m-%d}."
        return Finding("token", WARNING if soon else OK, text, NEW_TOKEN if soon else "")
    return Finding("token", OK, "it is valid, does not end, and may do what it must.")


def _secrets(graph: Graph, token: Token) -> Iterator[Finding]:
    good = [graph.knows_secret(token.app_id, secret) for secret in settings.WHATSAPP_APP_SECRETS]
    if any(good):
        yield Finding("secret", OK, "it is that of the token's app.")
    else:
        todo = "Copy it from App settings > Basic, and set WHATSAPP_APP_SECRET."
        yield Finding("secret", BROKEN, f"it is not that of app {token.app_id}: every webhook is refused.", todo)


def _subscription(graph: Graph, token: Token) -> Iterator[Finding]:
    account = settings.WHATSAPP_BUSINESS_ACCOUNT_ID
    if not account:
        todo = "Set WHATSAPP_BUSINESS_ACCOUNT_ID: manage.py connect_number does it."
        yield Finding("account", WARNING, "it is not set, so templates cannot be fetched.", todo)
        return
    try:
        subscribed = graph.is_subscribed(account, token.app_id)
    except GraphSays as error:
        yield Finding("account", BROKEN, f"{account}: {error}", "Correct WHATSAPP_BUSINESS_ACCOUNT_ID.")
        return
    if subscribed:
        yield Finding("account", OK, "what happens in it is told to the app.")
    else:
        todo = "Subscribe the app to the account: manage.py connect_number does it."
        yield Finding("account", BROKEN, "the app is not told what happens in it, so no message arrives.", todo)


def look_at_numbers() -> Iterator[Finding]:
    """Each number: whether it sends, and what Meta thinks of it."""
    if settings.WHATSAPP_SANDBOX:
        yield Finding("numbers", OK, "that of the sandbox.")
        return
    home_number()
    numbers = BusinessNumber.objects.filter(transport=TRANSPORT).order_by("pk")
    for number in numbers[:MOST_NUMBERS]:
        try:
            yield _number(number)
        except GraphSays as error:  # the others would wait for the same
            todo = "Look at DNS, the firewall and WHATSAPP_GRAPH_URL."
            yield Finding("numbers", BROKEN, f"{number}: {error}", todo)
            return
    if (more := numbers.count() - MOST_NUMBERS) > 0:
        yield Finding("numbers", WARNING, f"{more} more were not asked about.")


def _number(number: BusinessNumber) -> Finding:
    """Raises GraphSays if Meta cannot be asked."""
    access = access_of(number)
    if access is None:
        todo = "Add one in Django admin, or remove the number."
        return Finding("numbers", BROKEN, f"{number} has no access token.", todo)
    if number.paused_until and (number.paused_until > timezone.now() or number.pause_kind == PauseKind.UNREACHABLE):
        until = "until somebody acts" if number.paused_until == UNTIL_RESUMED else "for now"
        todo = "Django admin, business numbers, shows what to do."
        return Finding("numbers", BROKEN, f"{number} sends nothing {until}: {number.reason}.", todo)
    try:
        with Graph(access.token) as graph:
            said = graph.number(number.external_id)
    except GraphSays as error:
        if error.code is None:
            raise
        todo = "Correct its id, or give its token access to it."
        return Finding("numbers", BROKEN, f"{number}: {error}", todo)
    name = f"{said.get('display_phone_number') or number} ({said.get('verified_name') or 'no name'})"
    status = str(said.get("status") or "CONNECTED")
    if status != "CONNECTED":
        todo = "See WhatsApp Manager. A number that is PENDING is registered with POST /<id>/register."
        return Finding("numbers", BROKEN, f"{name} is {status}.", todo)
    if said.get("quality_rating") == "RED":
        return Finding("numbers", WARNING, f"{name}: its quality is low.", "Send fewer templates that people block.")
    return Finding("numbers", OK, f"{name} is connected.")


def look_at_templates() -> Iterator[Finding]:
    """Whether they were fetched, and whether the one for phone codes can be sent."""
    failed = TemplateSync.objects.exclude(error="").first()
    if failed is not None:
        yield Finding(
            "templates", WARNING, f"they could not be fetched: {failed.error}", "Run manage.py sync_templates."
        )
    count = Template.objects.filter(status=Template.SENDABLE).count()
    if count:
        yield Finding("templates", OK, f"{count} can be sent.")
    elif failed is None:
        todo = "Run manage.py sync_templates."
        yield Finding("templates", WARNING, "none can be sent: after 24 hours nobody can be written to.", todo)
    wanted = settings.WHATSAPP_CODE_TEMPLATE
    if wanted and not _has_code_template(wanted):
        todo = "Create it at Meta in the category authentication, run manage.py sync_templates, or correct the setting."
        yield Finding("templates", BROKEN, f"WHATSAPP_CODE_TEMPLATE names {wanted}, which cannot be sent.", todo)


def _has_code_template(wanted: str) -> bool:
    name, _, language = wanted.partition(":")
    found = Template.objects.filter(name=name, status=Template.SENDABLE)
    return (found.filter(language=language) if language else found).exists()
