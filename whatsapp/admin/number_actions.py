"""What admins do to business numbers."""

from collections.abc import Mapping
from typing import Any

from django import forms

from accounts.models import User
from core.admin.actions import RowAction, RowForm
from messaging.actions.number_holds import holding
from messaging.actions.number_pauses import pause_by_hand, resume
from messaging.models import BusinessNumber
from whatsapp.number_profiles import ask_about


def _resume(number: BusinessNumber, actor: User, given: Mapping[str, Any]) -> str:
    if number.paused_until is None:
        return "It was not paused."
    if resume(number, actor=actor):
        return ""
    held = " ".join(one.reason for one in holding(number))
    return f"It still sends nothing: {held} It sends again by itself when WhatsApp ends that."


class PauseForm(RowForm):
    """Why a number is to send nothing: whoever waits for a message reads it."""

    reason = forms.CharField(max_length=200, initial="An admin has paused this number.")


def _pause(number: BusinessNumber, actor: User, given: Mapping[str, Any]) -> str:
    pause_by_hand(number, actor=actor, reason=given["reason"])
    return ""


def _ask(number: BusinessNumber, actor: User, given: Mapping[str, Any]) -> str:
    ask_about(number, actor=actor)
    return ""


PAUSE = RowAction(
    "pause_sending",
    "Pause sending",
    _pause,
    done="paused",
    form=PauseForm,
    asks="Nothing leaves until somebody resumes it, whatever WhatsApp says meanwhile. Messages wait in the queue.",
)


RESUME = RowAction(
    "resume_sending",
    "Resume sending",
    _resume,
    done="sends again",
    asks="Queued messages go out in order. If what stopped the number is not mended, it stops again and says why.",
)


ASK = RowAction(
    "ask_whatsapp",
    "Ask WhatsApp about it",
    _ask,
    done="will be asked about within seconds",
    asks="Its page then shows profile, quality and limits as they are now. If WhatsApp says that it may send, it does.",
)
