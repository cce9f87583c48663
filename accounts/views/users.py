"""The logins, for admins."""

from typing import Any, cast

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import ModelViewSet

from accounts.actions.users import confirm_password, create_user, remove_user, update_user
from accounts.authentication import user_of
from accounts.filters import UserFilter
from accounts.models import User
from accounts.permissions import IsAdmin
from accounts.serializers import HandOverSerializer, UserSerializer
from core.documentation import documented
from core.idempotency import AnswersOnce
from core.versions import CHANGES, KnowsVersions, refuse_stale


class UserViewSet(KnowsVersions, AnswersOnce, ModelViewSet[User]):
    """The logins. What stands below by action is shown in Swagger UI.

    list: List the logins. Those of staff and of customers; filter by `role`.

    retrieve: Get one login.

    create: Add a login for a member of staff. Customers get theirs by registering.

    update: Change a login. Only the fields that are given change. A salesperson leaves by `is_active: false`, by
    another role, or by DELETE. Their customers then go to `hand_over_to`. Without it, chats with something unread or
    unanswered go to other salespeople (ASSIGNMENT_STRATEGY), and the rest have no owner. The last active admin cannot
    leave.

    partial_update: Change a login.
    """

    queryset = User.objects.none()
    serializer_class = UserSerializer
    filterset_class = UserFilter
    permission_classes = (IsAdmin,)
    hashes_passwords = ("create", "update", "partial_update")
    lookup_value_regex = r"\d+"
    # Passwords are hashed, and customers handed over, outside of the transaction in which a login is locked.
    compares_itself = CHANGES

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.present().order_by("id")

    def update(self, request: Request, *args: object, **kwargs: object) -> Response:
        return super().update(request, *args, **{**kwargs, "partial": True})

    def perform_create(self, serializer: BaseSerializer[User]) -> None:
        given = {name: value for name, value in serializer.validated_data.items() if name != "current_password"}
        serializer.instance = create_user(actor=user_of(self.request), **given)

    def perform_update(self, serializer: BaseSerializer[User]) -> None:
        self._confirm(cast(User, serializer.instance), serializer.validated_data)
        serializer.instance = update_user(
            actor=user_of(self.request),
            user=cast(User, serializer.instance),
            check=self._refuse_stale_login,
            **serializer.validated_data,
        )

    @documented(query_serializer=HandOverSerializer)
    def destroy(self, request: Request, *args: object, **kwargs: object) -> Response:
        """Remove a login. Its customers go to `hand_over_to`, or as described for PUT. What it wrote keeps its name."""
        return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: User) -> None:
        asked = HandOverSerializer(data=self.request.query_params)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        remove_user(actor=user_of(self.request), user=instance, check=self._refuse_stale_login, **given)

    def _confirm(self, login: User, changes: dict[str, Any]) -> None:
        """Whoever changes their own email or password enters the password they have. Raises as `confirm_password`."""
        password = changes.pop("current_password", None)
        differs = "password" in changes or changes.get("email", login.email) != login.email
        if differs and login.pk == user_of(self.request).pk:
            confirm_password(user=login, password=password)

    def _refuse_stale_login(self, login: User) -> None:
        refuse_stale(self.request, self.get_serializer(login).data)
