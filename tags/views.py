"""Tags over REST. Errors get their shape from tags/envelope.py (setting ERROR_SHAPES)."""

from typing import Any

from django_filters.rest_framework import FilterSet
from drf_yasg.utils import no_body
from rest_framework import status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.permissions import IsSalesOrAdmin, RightsByAction
from core.filters import id_in_path
from core.idempotency import AnswersOnce
from core.versions import KnowsVersions
from tags.actions.customer_tags import (
    TagChange,
    add_tag,
    add_tags,
    customer_at_desk,
    remove_tag,
    remove_tags,
    replace_tags,
    tag_customers,
)
from tags.actions.tags import check_may_change, create_tags, delete_tag, delete_tags, rename_tag
from tags.documentation import (
    CREATED,
    CustomersTagged,
    CustomerTagAdded,
    CustomerTagRemoved,
    CustomerTags,
    CustomerTagsChanged,
    TagCustomersSerializer,
    TagDeleted,
    TagIdsSerializer,
    TagOutcome,
    TagsDeleted,
    tag_operation,
)
from tags.errors import NoSuchTag, NotYourCustomer
from tags.filters import CountsFilter, CustomerTagFilter, TagFilter
from tags.models import Tag
from tags.serializers import (
    MAX_CUSTOMERS,
    MAX_TAGS,
    CountedTagSerializer,
    NewTagsSerializer,
    RenameTagSerializer,
    read_action,
    read_ids,
    tag_data,
)


class _StaffOnly(IsSalesOrAdmin):
    """Refuses others in the words in which staff are refused a customer who is not theirs."""

    message = NotYourCustomer.default_detail


class _OneCustomerView(APIView):
    """Base of the views about one customer's tags: the customer is checked before the body."""

    permission_classes = [_StaffOnly]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self.customer = customer_at_desk(customer_id=id_in_path(kwargs["customer_id"]), actor=user_of(request))


class CustomerTagsView(_OneCustomerView, GenericAPIView[Tag]):
    """The tags of one customer: those they were given, and the system tag of their source."""

    queryset = Tag.objects.none()
    filterset_class = CustomerTagFilter
    pagination_class = None

    @tag_operation("customer_tags_list", CustomerTags)
    def get(self, request: Request, customer_id: str) -> Response:
        """List the tags of a customer."""
        tags = self.filter_queryset(Tag.objects.of_customer(self.customer.pk, self.customer.source).by_name())
        shown = [tag_data(tag) for tag in tags]
        return Response(CustomerTags(customer_id=self.customer.pk, tags=shown, count=len(shown)))

    @tag_operation("customer_tags_add", CustomerTagsChanged, body=TagIdsSerializer)
    def post(self, request: Request, customer_id: str) -> Response:
        """Add tags to a customer. They keep those they have. The message counts only new ones."""
        change = add_tags(**self._arguments(request))
        return self._answer_change(f"Successfully added {len(change.added)} tag(s) to customer", change)

    @tag_operation("customer_tags_replace", CustomerTagsChanged, body=TagIdsSerializer)
    def put(self, request: Request, customer_id: str) -> Response:
        """Replace the tags of a customer. The system tag stays. An empty list removes them all."""
        arguments = self._arguments(request, allow_empty=True)
        change = replace_tags(**arguments)
        if not (count := len(arguments["tag_ids"])):
            return self._answer_change("Successfully removed all tags from customer", change)
        return self._answer_change(f"Successfully replaced customer tags with {count} tag(s)", change)

    @tag_operation("customer_tags_remove", CustomerTagsChanged, body=TagIdsSerializer)
    def delete(self, request: Request, customer_id: str) -> Response:
        """Remove tags from a customer. The message counts only those the customer had."""
        change = remove_tags(**self._arguments(request))
        return self._answer_change(f"Successfully removed {len(change.removed)} tag(s) from customer", change)

    def _arguments(self, request: Request, *, allow_empty: bool = False) -> dict[str, Any]:
        tag_ids = read_ids(request.data, "tag_ids", at_most=MAX_TAGS, allow_empty=allow_empty)
        return {"customer_id": self.customer.pk, "tag_ids": tag_ids, "actor": user_of(request)}

    def _answer_change(self, message: str, change: TagChange) -> Response:
        tags = [tag_data(tag) for tag in change.tags]
        return Response(CustomerTagsChanged(message=message, customer_id=self.customer.pk, tags=tags))


class CustomerTagView(_OneCustomerView):
    """One tag of one customer."""

    @tag_operation("customer_tag_add", CustomerTagAdded, body=no_body)
    def post(self, request: Request, customer_id: str, tag_id: str) -> Response:
        """Add one tag to a customer."""
        tag = add_tag(customer_id=self.customer.pk, tag_id=id_in_path(tag_id), actor=user_of(request))
        text = f'Successfully added tag "{tag.name}" to customer'
        return Response(CustomerTagAdded(message=text, customer_id=self.customer.pk, tag=tag_data(tag)))

    @tag_operation("customer_tag_delete", CustomerTagRemoved)
    def delete(self, request: Request, customer_id: str, tag_id: str) -> Response:
        """Remove one tag from a customer."""
        tag = remove_tag(customer_id=self.customer.pk, tag_id=id_in_path(tag_id), actor=user_of(request))
        text = f'Successfully removed tag "{tag.name}" from customer'
        return Response(CustomerTagRemoved(message=text, customer_id=self.customer.pk))


class TagViewSet(KnowsVersions, AnswersOnce, RightsByAction, viewsets.GenericViewSet[Tag]):
    """The team's tags, including the system tags. All staff can see and use them."""

    queryset = Tag.objects.by_name()
    serializer_class = CountedTagSerializer
    rights = dict.fromkeys(
        ("list", "create", "retrieve", "update", "destroy", "bulk_delete", "customers"), IsSalesOrAdmin
    )
    pagination_class = None
    lookup_value_regex = "[0-9]+"

    @property
    def filterset_class(self) -> type[FilterSet] | None:
        return {"list": TagFilter, "retrieve": CountsFilter}.get(self.action)

    @tag_operation("tags_list", list[CountedTagSerializer])
    def list(self, request: Request) -> Response:
        """List the tags of the team, as a bare array."""
        return Response(CountedTagSerializer(self.filter_queryset(self.get_queryset()), many=True).data)

    @tag_operation(
        "tags_create",
        CREATED,
        status=201,
        body=NewTagsSerializer,
    )
    def create(self, request: Request) -> Response:
        """Create tags. One (`name`) or several (`names`). Either all are created or none."""
        body = NewTagsSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        names = body.validated_data.get("names")
        tags = create_tags(names=names or [body.validated_data["name"]], actor=user_of(request))
        data = [tag_data(tag) for tag in tags]
        return Response(data if names else data[0], status=status.HTTP_201_CREATED)

    @tag_operation("tags_read", CountedTagSerializer, filterset=CountsFilter)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Get a tag."""
        return Response(CountedTagSerializer(self._get_tag()).data)

    @tag_operation("tags_rename", CountedTagSerializer, body=RenameTagSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Rename a tag. Only its creator or an admin can do that."""
        check_may_change(self._get_tag(), user_of(request))
        body = RenameTagSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(tag_data(rename_tag(tag_id=id_in_path(pk), actor=user_of(request), **body.validated_data)))

    @tag_operation("tags_delete", TagDeleted)
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a tag. It is removed from every customer. Only its creator or an admin can do that."""
        tag = delete_tag(tag_id=id_in_path(pk), actor=user_of(request))
        return Response(TagDeleted(message=f"Tag '{tag.name}' deleted successfully", tag_name=tag.name))

    @tag_operation("tags_bulk_delete", TagsDeleted, body=TagIdsSerializer)
    @action(detail=False, methods=["post"], url_path="bulk-delete")
    def bulk_delete(self, request: Request) -> Response:
        """Delete several tags. System tags and tags that are not yours are skipped."""
        tag_ids = read_ids(request.data, "tag_ids", at_most=MAX_TAGS)
        result = delete_tags(tag_ids=tag_ids, actor=user_of(request))
        skipped = [tag.name for tag in result.system]
        if result.not_found_or_not_yours:
            skipped.append(f"Tag IDs not found or not owned: {sorted(result.not_found_or_not_yours)}")
        return Response(
            TagsDeleted(
                message=f"Successfully deleted {len(result.deleted)} tag(s)",
                deleted_count=len(result.deleted),
                deleted_tags=[tag.name for tag in result.deleted],
                skipped_tags=skipped,
            )
        )

    @tag_operation("tags_customers", CustomersTagged, body=TagCustomersSerializer)
    @action(detail=True, methods=["post"])
    def customers(self, request: Request, pk: str) -> Response:
        """Add a tag to many customers, or remove it from them. Each follows the rules for one customer."""
        self._get_tag()
        customer_ids = read_ids(request.data, "customer_ids", at_most=MAX_CUSTOMERS)
        add = read_action(request.data) == "add"
        tag, refusals = tag_customers(tag_id=id_in_path(pk), customer_ids=customer_ids, add=add, actor=user_of(request))
        changed = sum(refusal is None for refusal in refusals.values())
        done = f'added tag "{tag.name}" to' if add else f'removed tag "{tag.name}" from'
        return Response(
            CustomersTagged(
                message=f"Successfully {done} {changed} customer(s)",
                tag=tag_data(tag),
                changed_count=changed,
                results=[_result(customer_id, refusal) for customer_id, refusal in refusals.items()],
            )
        )

    def _get_tag(self) -> Tag:
        tag_id = id_in_path(self.kwargs["pk"])
        tag: Tag | None = self.filter_queryset(self.get_queryset()).filter(pk=tag_id).first()
        if tag is None:
            raise NoSuchTag(tag_id)
        return tag


def _result(customer_id: int, refusal: APIException | None) -> TagOutcome:
    if refusal is None:
        return {"customer_id": customer_id, "success": True}
    return {"customer_id": customer_id, "success": False, "error": str(refusal.detail)}
