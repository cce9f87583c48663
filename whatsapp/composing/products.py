"""Products of a catalog, as interactive messages and templates name them."""

from typing import Any

from rest_framework import serializers

from core.fields import KnownFieldsOnly

MAX_PRODUCTS, MAX_SECTIONS, MAX_SECTION_TITLE = 30, 10, 24
MAX_PRODUCT_ID = 200


class _ProductItem(KnownFieldsOnly):
    product_retailer_id = serializers.CharField(max_length=MAX_PRODUCT_ID)


class ProductSection(KnownFieldsOnly):
    title = serializers.CharField(required=False, max_length=MAX_SECTION_TITLE)
    product_items = serializers.ListField(child=_ProductItem(), allow_empty=False)


def checked_sections(sections: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The sections, if they are not too many, hold not too many products, and can be told apart."""
    if len(sections) > MAX_SECTIONS:
        raise serializers.ValidationError(f"At most {MAX_SECTIONS} sections can be shown.")
    if len(sections) > 1 and not all(section.get("title") for section in sections):
        raise serializers.ValidationError("With more than one section, each needs a title.")
    if sum(len(section["product_items"]) for section in sections) > MAX_PRODUCTS:
        raise serializers.ValidationError(f"At most {MAX_PRODUCTS} products can be shown in all sections together.")
    return sections
