"""`/api/customers/groups/`"""

from collections.abc import Sequence
from typing import Any

from rest_framework import status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.authentication import user_of
from accounts.permissions import IsAdmin, RightsByAction
from core.documentation import documented
from core.idempotency import AnswersOnce
from core.shapes import Page
from core.versions import KnowsVersions
from customers.actions.groups import add_member, delete_group, remove_member, save_group
from customers.group_members import MemberPages, count_members, members_of
from customers.models import Customer, CustomerGroup
from customers.reports import GroupStatistics, group_statistics
from customers.serializers.groups import GroupSerializer, MemberSerializer
from customers.serializers.profiles import ProfileRow, profiles_data


class GroupViewSet(KnowsVersions, AnswersOnce, RightsByAction, GenericViewSet[CustomerGroup]):
    """Groups (segments) of customers and their benefits. Everybody who is signed in may read, admins write."""

    queryset = CustomerGroup.objects.order_by("name", "pk")
    serializer_class = GroupSerializer
    filter_backends = []
    lookup_value_regex = r"\d{1,18}"
    rights = {
        "list": IsAuthenticated,
        "retrieve": IsAuthenticated,
        "create": IsAdmin,
        "update": IsAdmin,
        "partial_update": IsAdmin,
        "destroy": IsAdmin,
        "members": IsAuthenticated,
        "add_member": IsAdmin,
        "remove_member": IsAdmin,
        "statistics": IsAdmin,
    }

    def list(self, request: Request) -> Response:
        """List the groups, by name. `member_count` counts the members you can see."""
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(self._shown(page))

    def retrieve(self, request: Request, pk: str) -> Response:
        """Get one group."""
        return self._answer(self.get_object())

    def create(self, request: Request) -> Response:
        """Create a group. `assignment_rules` are filters of the customer list; customers who match are members."""
        return self._answer(self._save(None), status.HTTP_201_CREATED)

    def update(self, request: Request, pk: str) -> Response:
        """Change a group. Only the fields that are given change."""
        return self._answer(self._save(self.get_object()))

    def partial_update(self, request: Request, pk: str) -> Response:
        """The same as PUT."""
        return self.update(request, pk)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a group. Its members stay customers."""
        delete_group(group=self.get_object(), actor=user_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @documented(responses={200: Page[ProfileRow]})
    @action(detail=True)
    def members(self, request: Request, pk: str) -> Response:
        """List the members of a group. Those you can see, added by hand or by the rules, newest first."""
        members: Any = MemberPages(self.get_object(), request.user)
        page = self.paginate_queryset(members) or []
        return self.get_paginated_response(profiles_data(page, request))

    @documented(request_body=MemberSerializer, responses={200: GroupSerializer})
    @action(detail=True, methods=["post"])
    def add_member(self, request: Request, pk: str) -> Response:
        """Add a customer to the group. Nothing changes if they are in it already."""
        group = self.get_object()
        add_member(group=group, customer_id=self._named_customer(), actor=user_of(request))
        return self._answer(group)

    @documented(request_body=MemberSerializer, responses={200: GroupSerializer})
    @action(detail=True, methods=["post"])
    def remove_member(self, request: Request, pk: str) -> Response:
        """Remove a customer from the group. 400 if only the rules make them a member."""
        group = self.get_object()
        remove_member(group=group, customer_id=self._named_customer(), actor=user_of(request))
        return self._answer(group)

    @documented(responses={200: GroupStatistics})
    @action(detail=True)
    def statistics(self, request: Request, pk: str) -> Response:
        """Get statistics of a group. How many members it has, and what they have bought."""
        group = self.get_object()
        members = members_of(group, Customer.objects.visible_to(request.user))
        return Response(group_statistics(members, group.manual_members.count()))

    def _named_customer(self) -> int:
        body = MemberSerializer(data=self.request.data)
        body.is_valid(raise_exception=True)
        customer: Customer = body.validated_data["customer_id"]
        return customer.pk

    def _save(self, group: CustomerGroup | None) -> CustomerGroup:
        body = self.get_serializer(group, data=self.request.data, partial=group is not None)
        body.is_valid(raise_exception=True)
        return save_group(actor=user_of(self.request), group=group, **body.validated_data)

    def _shown(self, groups: Sequence[CustomerGroup]) -> Any:
        context = {**self.get_serializer_context(), "member_counts": count_members(groups, self.request.user)}
        return [GroupSerializer(group, context=context).data for group in groups]

    def _answer(self, group: CustomerGroup, code: int = status.HTTP_200_OK) -> Response:
        return Response(self._shown([group])[0], status=code)
