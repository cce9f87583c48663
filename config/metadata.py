"""What `OPTIONS` answers."""

from typing import Any

from rest_framework.metadata import SimpleMetadata


class ViewMetadata(SimpleMetadata):
    """The name of a view, what it says of itself, and what it takes and gives.

    DRF would also list the fields that may be written, from one serializer for all methods. /swagger.json has them.
    """

    def determine_actions(self, request: Any, view: Any) -> dict[str, Any]:
        return {}
