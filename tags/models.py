"""Tags: labels on customers."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q, Value
from django.utils import timezone

from core.db.compiled import Compiled
from core.folding import FoldedField, FoldedQuerySet, Folds, folded, same_name
from core.names import check_name
from customers.models import Customer, CustomerQuerySet, Source
from customers.visibility import FollowsCustomer


def by_name(tags: "Iterable[Tag]") -> "list[Tag]":
    """Tags in the order in which they are shown."""
    return sorted(tags, key=lambda tag: (tag.name_key, tag.pk))


class TagQuerySet(FoldedQuerySet["Tag"]):
    # Whose customers are counted along.
    _counted_for: Any = None

    def by_name(self) -> "TagQuerySet":
        return self.order_by("name_key", "pk")

    def search(self, text: str) -> "TagQuerySet":
        """Tags whose name contains `text`; case and accents make no difference."""
        return self.filter(folded__contains=folded(text))

    def named(self, names: Iterable[str]) -> "TagQuerySet":
        """The tags with these names, case-insensitively."""
        return self.filter(name_key__in=[same_name(name) for name in names])

    def with_counts(self, user: Any) -> "TagQuerySet":
        """Adds `customer_count` when tags are fetched: how many customers on the desk of `user` have the tag."""
        counted = self.all()
        counted._counted_for = user
        return counted

    def _clone(self) -> "TagQuerySet":
        clone: TagQuerySet = super()._clone()  # type: ignore[misc]  # not in the stubs
        clone._counted_for = self._counted_for
        return clone

    def _fetch_all(self) -> None:
        fetched = self._result_cache is not None
        super()._fetch_all()
        if not fetched and self._counted_for is not None:
            counts = _count_customers(self._result_cache or [], self._counted_for)
            for tag in self._result_cache or []:
                tag.customer_count = counts[tag.pk]

    def of_customer(self, customer_id: int, source: str) -> "TagQuerySet":
        """A customer's tags: those they were given, and the system tag of their source."""
        given = self.model.objects.filter(given_to__customer_id=customer_id)
        return self.filter(Q(source=source) | Q(pk__in=given.values("pk")))

    def by_customer(self, sources: Mapping[int, str]) -> "dict[int, list[Tag]]":
        """The tags of many customers, each sorted by name. `sources` is `{customer id: source}`. One statement."""
        tags: dict[int, list[Tag]] = defaultdict(list)
        if not sources:
            return tags
        by_source: dict[str | None, Tag] = {}
        for tag in _OF_CUSTOMERS(customers=list(sources)):
            if tag.holder_id is not None:
                tags[tag.holder_id].append(tag)
            else:
                by_source[tag.source] = tag
        for customer_id, source in sources.items():
            if source in by_source:
                tags[customer_id].append(by_source[source])
            tags[customer_id] = by_name(tags[customer_id])
        return tags


def tags_of_new(source: str) -> "list[Tag]":
    """The tags of a customer whom nobody has given one yet."""
    return _OF_SOURCE(source=source)


def carrying(customers: CustomerQuerySet, tag: "Tag") -> CustomerQuerySet:
    """Those of the customers who have `tag`, given or by their source."""
    if tag.source is not None:
        return customers.filter(source=tag.source)
    return customers.filter(given_tags__tag=tag)


def carrying_any(customers: CustomerQuerySet, tags: "Collection[Tag]") -> CustomerQuerySet:
    """Those of the customers who have at least one of `tags`."""
    sources = [tag.source for tag in tags if tag.source is not None]
    given = CustomerTag.objects.filter(customer=OuterRef("pk"), tag__in=[tag.pk for tag in tags if tag.source is None])
    return customers.filter(Q(source__in=sources) | Exists(given))


MAX_NAME = 100


if TYPE_CHECKING:
    _CharField = models.CharField[str, str]
else:
    _CharField = models.CharField  # takes no type arguments when it runs


class NameKeyField(_CharField):
    """The name without case, saved along with it: databases know case for ASCII only, or as they are configured."""

    def pre_save(self, model_instance: Any, add: bool) -> str:
        model_instance.name_key = same_name(model_instance.name)
        key: str = model_instance.name_key
        return key


class Tag(Folds):
    """A label of the team. A system tag has a `source`, and every customer with that source has the tag."""

    name = models.CharField(max_length=MAX_NAME, validators=[check_name])
    # Leaving out case can turn one character into three.
    name_key = NameKeyField(max_length=3 * MAX_NAME, unique=True, editable=False)
    source = models.CharField(max_length=10, choices=Source.choices, null=True, blank=True, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    folded = FoldedField("name")

    # Only there after `with_counts`.
    customer_count: int

    objects = TagQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Checked by Django admin's form. Raises Django's ValidationError for a name that is taken."""
        if Tag.objects.named([self.name]).exclude(pk=self.pk).exists():
            raise ValidationError({"name": "A tag with this name already exists."})

    @property
    def is_system(self) -> bool:
        return self.source is not None

    def may_be_changed_by(self, user: Any) -> bool:
        """Whether `user` may rename and delete the tag: its creator and admins may, unless it is a system tag."""
        mine: bool = user.is_admin or self.created_by_id == user.pk
        return mine and not self.is_system


class CustomerTag(models.Model):
    """A tag given to a customer. System tags are never stored here."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="given_tags", db_index=False)
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="given_to")
    created_at = models.DateTimeField(default=timezone.now)

    objects = FollowsCustomer.as_manager()

    class Meta:
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["customer", "tag"], name="customer_tag_once")
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.tag_id}"


def _count_customers(tags: "Collection[Tag]", user: Any) -> Counter[int]:
    """How many customers on the desk of `user` have each of the tags, by its id. A GROUP BY for each kind of tag."""
    counts: Counter[int] = Counter()
    if given := [tag.pk for tag in tags if tag.source is None]:
        rows = CustomerTag.objects.visible_to(user).filter(tag__any=given).order_by()
        counts.update(dict(rows.values_list("tag").annotate(n=Count("*"))))
    if by_source := {tag.source: tag.pk for tag in tags if tag.source is not None}:
        sources = Customer.objects.at_desk_of(user).order_by().values_list("source").annotate(n=Count("*"))
        counts.update({by_source[source]: count for source, count in sources if source in by_source})
    return counts


def _tags_of_customers(customers: Any) -> "models.QuerySet[Tag]":
    """The tags given to any of these customers, each with its `holder_id`, and all system tags, without one."""
    given = Tag.objects.filter(given_to__customer__any=customers).annotate(holder_id=F("given_to__customer_id"))
    nobody = Value(None, output_field=models.BigIntegerField())
    return given.union(Tag.objects.filter(source__isnull=False).annotate(holder_id=nobody), all=True)


_OF_CUSTOMERS = Compiled(_tags_of_customers)
_OF_SOURCE = Compiled(lambda source: Tag.objects.filter(source=source))
