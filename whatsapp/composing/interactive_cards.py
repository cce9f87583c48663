"""The cards of an interactive carousel: each a picture or video with a link or quick replies, or a product."""

from typing import Any

from rest_framework import serializers

from core.fields import KnownFieldsOnly
from whatsapp.composing.interactive_actions import Link, Product, QuickReplies
from whatsapp.composing.media_sources import MediaSource
from whatsapp.limits import MAX_CARD_BODY

MIN_CARDS, MAX_CARDS = 2, 10
MAX_LINE_BREAKS = 2
_ACTIONS: dict[str, type[serializers.Serializer[Any]]] = {"cta_url": Link, "button": QuickReplies, "product": Product}


class _CardHeader(KnownFieldsOnly):
    type = serializers.ChoiceField(choices=["image", "video"])
    image = MediaSource(required=False)
    video = MediaSource(required=False)

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data.keys() != {"type", data["type"]}:
            raise serializers.ValidationError(f"Give one {data['type']}, by its https link or id.")
        return data


class _CardBody(KnownFieldsOnly):
    text = serializers.CharField(max_length=MAX_CARD_BODY)

    def validate_text(self, text: str) -> str:
        if text.count("\n") > MAX_LINE_BREAKS:
            raise serializers.ValidationError(f"The text of a card can have at most {MAX_LINE_BREAKS} line breaks.")
        return text


class _Card(KnownFieldsOnly):
    card_index = serializers.IntegerField(required=False, min_value=0, max_value=MAX_CARDS - 1)
    type = serializers.ChoiceField(choices=list(_ACTIONS))
    header = _CardHeader(required=False)
    body = _CardBody(required=False)
    action = serializers.DictField()

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        # Meta's cards with quick replies have the type of those with a link; others write `button`.
        replies = data["type"] == "cta_url" and "buttons" in data["action"]
        action = (QuickReplies if replies else _ACTIONS[data["type"]])(data=data["action"])
        if not action.is_valid():
            raise serializers.ValidationError({"action": action.errors})
        if data["type"] == "product":
            if unused := {"header", "body"} & data.keys():
                raise serializers.ValidationError(dict.fromkeys(unused, "The card of a product has only its action."))
        elif "header" not in data:
            raise serializers.ValidationError({"header": "This field is required."})
        return {**data, "action": action.validated_data}


class CardsAction(KnownFieldsOnly):
    cards = serializers.ListField(child=_Card(), min_length=MIN_CARDS, max_length=MAX_CARDS)

    def validate_cards(self, cards: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if any(card.get("card_index", place) != place for place, card in enumerate(cards)):
            raise serializers.ValidationError("Number the cards with card_index from 0, in their order.")
        if len({_kind(card) for card in cards}) > 1:
            raise serializers.ValidationError("All cards are of one kind: the same header, and the same buttons.")
        if len({card["action"].get("catalog_id") for card in cards}) > 1:
            raise serializers.ValidationError("All products are from one catalog.")
        return [{"card_index": place, **card} for place, card in enumerate(cards)]


def _kind(card: dict[str, Any]) -> tuple[Any, ...]:
    """What must be the same on all cards."""
    return card["type"], card.get("header", {}).get("type"), "body" in card, len(card["action"].get("buttons", ()))
