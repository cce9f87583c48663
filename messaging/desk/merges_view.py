"""Merging customers who are one person, and undoing it."""

from typing import Annotated, NotRequired, TypedDict

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.permissions import IsSalesOrAdmin
from core.documentation import documented
from core.files.links import links_for
from customers.actions.merge import merge_customers, preview
from customers.actions.unmerge import merges_of, undo_merge
from customers.merged_fields import Difference
from customers.models import Customer
from customers.serializers.merges import MergeBodySerializer, MergeRow, merge_data
from messaging.desk.rows import DeskCustomer, desk_row


class Merged(TypedDict):
    """What a merge made; with `dry_run`, what it would make."""

    merge: NotRequired[Annotated[int, "the id of the merge, by which it can be undone"]]
    customer: NotRequired[DeskCustomer | None]
    dry_run: NotRequired[bool]
    differs: NotRequired[list[Difference]]
    moves: NotRequired[Annotated[dict[str, int], "how many messages, contacts ... would move"]]


class MergeUndone(TypedDict):
    """The two customers that one became again."""

    restored: DeskCustomer | None
    into: DeskCustomer | None


class MergeView(APIView):
    """`/api/customers/{id}/merge/`"""

    permission_classes = [IsSalesOrAdmin]

    @documented(
        request_body=MergeBodySerializer,
        responses={
            200: Merged,
            400: "These two cannot be merged, or a field cannot be kept like this.",
            410: "The customer was merged already; `into` names the customer they became.",
        },
    )
    def post(self, request: Request, customer_id: str) -> Response:
        """Merge two customers. The one in the path becomes part of `into`, who stays.

        Both must be yours. With `dry_run`, the answer says in which fields they differ and what would move, and nothing
        happens.
        """
        user = user_of(request)
        gone = Customer.objects.at_desk_of(user).select_related("owner").or_404(customer_id)
        body = MergeBodySerializer(data=request.data, context={"request": request})
        body.is_valid(raise_exception=True)
        into, keep = body.validated_data["into"], body.validated_data["keep"]
        if body.validated_data["dry_run"]:
            planned = preview(gone=gone, into=into, keep=keep)
            return Response(Merged(dry_run=True, differs=planned["differs"], moves=planned["moves"]))
        merge = merge_customers(gone_id=gone.pk, into_id=into.pk, actor=user, keep=keep)
        return Response(Merged(merge=merge.pk, customer=desk_row(into.pk, links=links_for(request))))


class MergesView(APIView):
    """`/api/customers/{id}/merges/`"""

    permission_classes = [IsSalesOrAdmin]

    @documented(responses={200: list[MergeRow]})
    def get(self, request: Request, customer_id: str) -> Response:
        """List the merges of a customer. Newest first, those that were undone included."""
        user = user_of(request)
        customer = Customer.objects.at_desk_of(user).or_404(customer_id)
        return Response([merge_data(merge, can_undo=can_undo) for merge, can_undo in merges_of(customer, user)])


class UndoMergeView(APIView):
    """`/api/customers/merges/{merge}/undo/`"""

    permission_classes = [IsSalesOrAdmin]

    @documented(
        request_body=None,
        responses={200: MergeUndone, 409: "`code` is too_late, already_undone or merged_since."},
    )
    def post(self, request: Request, merge_id: str) -> Response:
        """Undo a merge, within 14 days. Each customer has what they had; what came since stays with the survivor.

        Admins can undo any merge, salespeople one of two customers who were theirs.
        """
        merge = undo_merge(merge_id=int(merge_id), actor=user_of(request))
        links = links_for(request)
        restored, into = desk_row(merge.gone_id, links=links), desk_row(merge.into_id, links=links)
        return Response(MergeUndone(restored=restored, into=into))
