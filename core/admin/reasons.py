"""Why an action did not do what it was asked, in words for the people at Django admin."""

from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist
from django.db import DatabaseError, IntegrityError
from django.http import Http404
from rest_framework.exceptions import APIException

from core.db.failures import Trouble, trouble_of

# What an action raises when it refuses. Of the errors of the database only those that `reasons_of` can explain.
REFUSALS = (APIException, Http404, ObjectDoesNotExist, DatabaseError)

# Texts by the name of the field they are about; None for those about no field.
Reasons = dict[str | None, list[str]]

GONE = "This is no longer there: somebody has removed it in the meantime."
_BUSY = "Somebody else is changing the same at this moment. Nothing was saved: try again."
_CLASH = "Somebody else has saved the same at this moment. Nothing was saved: look at the list, and try again."


def reasons_of(error: BaseException) -> Reasons:
    """Why one of REFUSALS was raised. Raises the error again if it is about nothing that people can change."""
    if isinstance(error, APIException):
        return _by_field(error.detail)
    if isinstance(error, ObjectDoesNotExist):
        return {None: [GONE]}
    if isinstance(error, Http404):
        return {None: [str(error) or GONE]}
    if isinstance(error, IntegrityError):
        return {None: [_CLASH]}
    if trouble_of(error) is Trouble.BUSY:
        return {None: [_BUSY]}
    raise error


def reason_of(error: BaseException) -> str:
    """`reasons_of` in one line."""
    return " ".join(text for texts in reasons_of(error).values() for text in texts)


def add_reasons(form: forms.BaseForm, reasons: Reasons, *, renamed: dict[str, str] | None = None) -> None:
    """Show the reasons beside the fields of a form that was filled in; above the form if it has no such field.

    `renamed` says which field of the form is meant by a name of the action's.
    """
    for name, texts in reasons.items():
        field = (renamed or {}).get(name, name) if name is not None else None
        form.add_error(field if field in form.fields else None, list(texts))


def texts_of(detail: Any) -> list[str]:
    """All texts in the detail of an API error, however deep it is nested. A code beside a text is left out."""
    if isinstance(detail, dict):
        if "detail" in detail:
            return texts_of(detail["detail"])
        return [text for part in detail.values() for text in texts_of(part)]
    if isinstance(detail, list):
        return [text for part in detail for text in texts_of(part)]
    return [str(detail)]


def _by_field(detail: Any) -> Reasons:
    if not isinstance(detail, dict) or "detail" in detail:
        return {None: texts_of(detail)}
    about_none = (NON_FIELD_ERRORS, "non_field_errors")
    reasons: Reasons = {}
    for name, part in detail.items():
        reasons.setdefault(None if name in about_none else name, []).extend(texts_of(part))
    return reasons
