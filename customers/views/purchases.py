"""Orders, wishlist, reviews and the loyalty ledger of one customer, below `/api/customers/customers/{id}/`."""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from accounts.authentication import user_of
from accounts.permissions import IsAdmin, IsAdminOrCustomer, RightsByAction
from core.documentation import documented
from core.idempotency import AnswersOnce
from core.shapes import Page
from core.versions import KnowsVersions, refuse_stale
from customers.actions.purchases import change_review, delete_review, record_order, unwish, wish, write_review
from customers.filters import OrderFilter
from customers.models import Customer, Review
from customers.serializers.profiles import profiles_data
from customers.serializers.purchases import (
    ChangeReviewSerializer,
    LoyaltyEntrySerializer,
    OrderSerializer,
    ReviewSerializer,
    WishlistItemSerializer,
)


class PurchasesViewSet(KnowsVersions, AnswersOnce, RightsByAction, GenericViewSet[Customer]):
    """What customers buy, want and review."""

    compares_itself = frozenset({"change_review", "delete_review"})
    shows = KnowsVersions.shows | {"add_review", "change_review"}

    rights: ClassVar[Mapping[str, type[BasePermission]]] = {
        "orders": IsAuthenticated,
        "record_order": IsAdmin,
        "wishlist": IsAuthenticated,
        "add_wish": IsAdminOrCustomer,
        "remove_wish": IsAdminOrCustomer,
        "reviews": IsAuthenticated,
        "add_review": IsAdminOrCustomer,
        "change_review": IsAdminOrCustomer,
        "delete_review": IsAdminOrCustomer,
        "loyalty": IsAuthenticated,
    }

    @documented(filterset=OrderFilter, responses={200: Page[OrderSerializer]})
    @action(detail=True)
    def orders(self, request: Request, pk: str) -> Response:
        """List the orders of a customer, newest first."""
        filters = OrderFilter(request.query_params, self.customer(pk).orders.newest_first(), request=request)
        if not filters.is_valid():
            raise ValidationError(filters.errors)
        return self._page(filters.qs, OrderSerializer)

    @documented(request_body=OrderSerializer, responses={200: OrderSerializer, 201: OrderSerializer})
    @orders.mapping.post
    def record_order(self, request: Request, pk: str) -> Response:
        """Record an order of the shop. An order with a known number is changed instead, and counts once."""
        order, new = record_order(customer_id=int(pk), actor=user_of(request), **self.checked(OrderSerializer))
        return Response(OrderSerializer(order).data, status=status.HTTP_201_CREATED if new else status.HTTP_200_OK)

    @documented(responses={200: Page[WishlistItemSerializer]})
    @action(detail=True)
    def wishlist(self, request: Request, pk: str) -> Response:
        """List the wishlist of a customer, newest first."""
        return self._page(self.customer(pk).wishlist.order_by("-pk"), WishlistItemSerializer)

    @documented(
        request_body=WishlistItemSerializer, responses={200: WishlistItemSerializer, 201: WishlistItemSerializer}
    )
    @wishlist.mapping.post
    def add_wish(self, request: Request, pk: str) -> Response:
        """Add a product to the wishlist. 200 if it is there already."""
        item, new = wish(customer_id=int(pk), actor=user_of(request), **self.checked(WishlistItemSerializer))
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(WishlistItemSerializer(item).data, status=code)

    @action(detail=True, methods=["delete"], url_path=r"wishlist/(?P<item>\d{1,18})")
    def remove_wish(self, request: Request, pk: str, item: str) -> Response:
        """Remove a product from the wishlist."""
        unwish(customer_id=int(pk), actor=user_of(request), item_id=int(item))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @documented(responses={200: Page[ReviewSerializer]})
    @action(detail=True)
    def reviews(self, request: Request, pk: str) -> Response:
        """List the reviews of a customer, newest first."""
        return self._page(self.customer(pk).reviews.order_by("-pk"), ReviewSerializer)

    @documented(request_body=ReviewSerializer, responses={201: ReviewSerializer})
    @reviews.mapping.post
    def add_review(self, request: Request, pk: str) -> Response:
        """Review a product. 400 if the customer has already reviewed it."""
        review = write_review(customer_id=int(pk), actor=user_of(request), **self.checked(ReviewSerializer))
        return Response(ReviewSerializer(review).data, status=status.HTTP_201_CREATED)

    @documented(request_body=ChangeReviewSerializer, responses={200: ReviewSerializer})
    @action(detail=True, methods=["put"], url_path=r"reviews/(?P<review>\d{1,18})")
    def change_review(self, request: Request, pk: str, review: str) -> Response:
        """Change a review. The rating, the text or both."""
        changed = change_review(
            customer_id=int(pk),
            actor=user_of(request),
            review_id=int(review),
            changes=self.checked(ChangeReviewSerializer),
            check=self._refuse_stale_review,
        )
        return Response(ReviewSerializer(changed).data)

    @change_review.mapping.delete
    def delete_review(self, request: Request, pk: str, review: str) -> Response:
        """Delete a review."""
        check = self._refuse_stale_review
        delete_review(customer_id=int(pk), actor=user_of(request), review_id=int(review), check=check)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @documented(responses={200: Page[LoyaltyEntrySerializer]})
    @action(detail=True)
    def loyalty(self, request: Request, pk: str) -> Response:
        """List the loyalty ledger of a customer. Newest first: what changed, why, and who did it."""
        entries = self.customer(pk).loyalty_entries.select_related("actor").order_by("-pk")
        return self._page(entries, LoyaltyEntrySerializer)

    def customer(self, pk: str | int) -> Customer:
        """The customer in the path, if the caller may see them. Raises Http404."""
        return Customer.objects.visible_to(self.request.user).select_related("owner").or_404(pk)

    def own(self) -> Customer:
        """The customer of the caller's login. Raises Http404 for a login without one."""
        return Customer.objects.filter(user=user_of(self.request)).or_404()

    def shown(self, pk: str | int) -> Response:
        """The current profile of a customer that the caller may see. Raises Http404."""
        return Response(profiles_data([self.customer(pk)], self.request)[0])

    def checked(self, serializer_class: Any) -> dict[str, Any]:
        """The body, validated. Raises ValidationError."""
        body = serializer_class(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def _refuse_stale_review(self, review: Review) -> None:
        refuse_stale(self.request, ReviewSerializer(review).data)

    def _page(self, rows: Any, serializer_class: Any) -> Response:
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(serializer_class(page, many=True).data)
