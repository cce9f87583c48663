"""The refusals of the tag endpoints. Clients compare the texts; tags/envelope.py gives them their shape."""

from collections.abc import Iterable

from rest_framework import status
from rest_framework.exceptions import APIException, NotFound, PermissionDenied


class TagsRefused(APIException):
    """The request cannot be carried out; nothing was changed."""

    status_code = status.HTTP_400_BAD_REQUEST
    default_code = "invalid"


class UnknownTagIds(TagsRefused):
    def __init__(self, ids: Iterable[int]) -> None:
        super().__init__(f"Invalid tag IDs: {sorted(ids)}")


class CannotRemoveSystemTag(TagsRefused):
    default_detail = "Cannot remove system tags (Telegram, Whatsapp, Instagram)"


class CannotAddSystemTag(TagsRefused):
    default_detail = "System tags follow the customer's source"


class AlreadyTagged(TagsRefused):
    default_detail = "Tag already exists on customer"


class NotTagged(TagsRefused):
    default_detail = "Tag doesn't exist on customer"


class TagNameTaken(TagsRefused):
    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(f"A tag with this name already exists: {', '.join(names)}")


class NotYourCustomer(PermissionDenied):
    default_detail = "You don't have permission to access this customer"


class NoSuchCustomer(NotFound):
    default_detail = "Customer not found"


class NoSuchTag(NotFound):
    def __init__(self, tag_id: int) -> None:
        super().__init__(f"Tag with ID {tag_id} not found")


class NotYourTag(PermissionDenied):
    default_detail = "You don't have permission to modify this tag"


class CannotChangeSystemTag(PermissionDenied):
    default_detail = "System tags cannot be modified or deleted"
