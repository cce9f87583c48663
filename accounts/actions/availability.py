"""Who is online and who is away: as they say themselves, or because they have had no socket for a while."""

from collections.abc import Iterable
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.audit import audit
from accounts.models import Availability, LastSocket, User, UserQuerySet
from accounts.serializers import user_ref
from core.changes import changed
from core.live.frames import tell_staff
from core.live.publishing import wake_relays


@transaction.atomic
def set_availability(*, user: User, availability: str) -> User:
    """Note what a member of staff says of themselves, and return their login. It lasts until they say otherwise.

    Only who says `online` goes away by itself (`go_away`), and comes back by itself (`note_sockets`).
    """
    current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    before = current.availability
    current.away_by_itself = False
    current.save(update_fields=["away_by_itself"])
    if before != availability or availability == Availability.ONLINE:
        _become(current, availability, by_itself=False)
    if before != availability:
        told = changed({"availability": before}, {"availability": availability})
        audit("availability_changed", current, actor=user, changes=told)
    return current


def note_sockets(user_ids: Iterable[int]) -> None:
    """Note that these logins have an open socket now. Who was away only for want of one is online again.

    Sockets are noted by every process, again and again: if one dies, nobody notes its sockets any more. Does nothing
    while nobody goes away by themselves (setting AWAY_AFTER_MINUTES).
    """
    # In order of id, in every process: two of them must not wait for each other.
    ids, now = sorted(set(user_ids)), timezone.now()
    if not settings.AWAY_AFTER_MINUTES or not ids:
        return
    seen = [LastSocket(user_id=pk, at=now) for pk in ids]
    LastSocket.objects.bulk_create(seen, update_conflicts=True, unique_fields=["user"], update_fields=["at"])
    for pk in User.objects.filter(pk__in=ids, away_by_itself=True).values_list("pk", flat=True):
        with transaction.atomic():
            back = User.objects.select_for_update(no_key=True).filter(pk=pk, away_by_itself=True).first()
            if back is not None:
                _become(back, Availability.ONLINE, by_itself=False)


def without_socket() -> UserQuerySet:
    """The staff who are online and have had no socket for AWAY_AFTER_MINUTES, nor said that they are there."""
    limit = timezone.now() - timedelta(minutes=settings.AWAY_AFTER_MINUTES)
    unseen = Q(last_socket=None) | Q(last_socket__at__lt=limit)
    quiet = Q(availability_since__lt=limit) | Q(availability_since=None, date_joined__lt=limit)
    there = User.objects.staff().filter(is_active=True, availability=Availability.ONLINE)
    return there.filter(unseen & quiet)


@transaction.atomic
def go_away(user: User) -> None:
    """Let somebody be away who has no socket any more. Nothing happens if they have one by now."""
    current = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if without_socket().filter(pk=current.pk).exists():
        _become(current, Availability.AWAY, by_itself=True)


def _become(user: User, availability: str, *, by_itself: bool) -> None:
    """Save the availability of a locked login. Everybody at the desk is told, and the relays: they route customers."""
    differs = user.availability != availability
    user.availability, user.availability_since, user.away_by_itself = availability, timezone.now(), by_itself
    user.save(update_fields=["availability", "availability_since", "away_by_itself"])
    if differs:
        tell_staff("availability_changed", {"user": user_ref(user), "availability": availability})
        wake_relays()
