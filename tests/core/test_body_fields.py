"""Serializers of bodies copy their fields for each request (core/bodies.py)."""

from typing import Any

import pytest
from django.http import QueryDict
from rest_framework import serializers

from core.bodies import BodySerializer


class Pet(serializers.Serializer[Any]):
    name = serializers.CharField()


class Person(BodySerializer):
    name = serializers.CharField(max_length=5)
    age = serializers.IntegerField(required=False, min_value=0)
    pet = Pet(required=False)
    tags = serializers.ListField(child=serializers.CharField(max_length=3), required=False)


def test_two_requests_share_no_field() -> None:
    one, other = Person(data={}, partial=True), Person(data={})
    for name, field in one.fields.items():
        assert field is not other.fields[name]
        assert (field.root, other.fields[name].root) == (one, other)
    assert one.fields["tags"].child.root is one
    assert one.fields["pet"].fields["name"].root is one
    assert one.is_valid()
    assert not other.is_valid()
    assert list(other.errors) == ["name"]


def test_a_body_makes_the_fields_that_it_has_or_must_have(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    bind = serializers.Field.bind
    monkeypatch.setattr(
        serializers.Field,
        "bind",
        lambda field, field_name, parent: (made.append(field_name), bind(field, field_name, parent)),
    )

    assert Person(data={"age": 5, "name": "Ann"}).is_valid()
    assert made == ["name", "age"]
    assert list(Person(data={}).fields) == ["name", "age", "pet", "tags"]
    assert not Person(data={"age": 5}).is_valid()


def test_a_form_is_asked_for_every_field() -> None:
    class Answer(BodySerializer):
        text = serializers.CharField()
        read = serializers.BooleanField(required=False)

    body = Answer(data=QueryDict("text=yes"))

    assert body.is_valid()
    assert body.validated_data == {"text": "yes", "read": False}  # a box without a tick


def test_they_check_what_is_declared() -> None:
    for _ in range(2):
        body = Person(data={"name": "too long", "age": -1, "pet": {}, "tags": ["long"]})
        assert not body.is_valid()
        assert body.errors == {
            "name": ["Ensure this field has no more than 5 characters."],
            "age": ["Ensure this value is greater than or equal to 0."],
            "pet": {"name": ["This field is required."]},
            "tags": {0: ["Ensure this field has no more than 3 characters."]},
        }
