"""Errors that are not the request's fault."""

from rest_framework.exceptions import APIException


class CodeNotSent(APIException):
    """The phone could not be reached. Raised by a channel (setting CHANNELS)."""

    status_code = 503
    default_detail = "The code could not be sent. Message us on WhatsApp from this phone, then try again."
    default_code = "code_not_sent"
