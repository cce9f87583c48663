"""Refusals that are no fault of the request."""

from rest_framework.exceptions import APIException


class CodeNotSent(APIException):
    """The phone could not be reached; raised by a channel (setting CHANNELS)."""

    status_code = 503
    default_detail = "The code could not be sent. Write to us on WhatsApp from this phone, and try again."
    default_code = "code_not_sent"
