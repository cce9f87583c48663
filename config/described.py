"""Writes what Swagger says of answers and bodies, from what the code declares: hints and serializers."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from enum import Enum
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from drf_yasg import openapi
from drf_yasg.utils import get_serializer_ref_name
from rest_framework import serializers

from config.glossary import explained
from core.shapes import Format, FreeObject, OneOf

_TYPES = {str: openapi.TYPE_STRING, int: openapi.TYPE_INTEGER, float: openapi.TYPE_NUMBER, bool: openapi.TYPE_BOOLEAN}
# What a value must look like when it is written says nothing about those that are stored.
_FOR_WRITING = ("minLength", "maxLength", "pattern", "minimum", "maximum", "minItems", "maxItems", "default")


class Describer:
    """Describes hints and serializers; models go to the definitions of `components`, once each.

    `describe_field` says what Swagger knows of a field of a serializer.
    """

    def __init__(self, components: Any, describe_field: Callable[[serializers.Field], Any]) -> None:  # type: ignore[type-arg]
        self._definitions = components.with_scope(openapi.SCHEMA_DEFINITIONS)
        self._describe_field = describe_field

    def answer(self, hint: Any) -> Any:
        """The schema of a value with this hint. A serializer stands for what it shows."""
        kind, *said = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        members = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
        known = [member for member in members if member is not NoneType]
        schema = self._any_of(known) if len(known) > 1 else self._plain(known[0])
        return _with(schema, said, nullable=NoneType in members)

    def body(self, serializer: Any) -> Any:
        """The schema of what is sent to a serializer."""
        return self._serializer(serializer, writing=True)

    def _any_of(self, hints: Iterable[Any]) -> Any:
        """One of several types. Swagger 2.0 cannot say it; converters to OpenAPI 3 read `x-anyOf`."""
        return openapi.SwaggerDict(x_anyOf=[self._plain(hint) for hint in hints])

    def _plain(self, hint: Any) -> Any:
        origin, arguments = get_origin(hint), get_args(hint)
        if hint in _TYPES:
            return openapi.Schema(type=_TYPES[hint])
        if hint is date:
            return openapi.Schema(type=openapi.TYPE_STRING, format=openapi.FORMAT_DATE)
        if origin is Annotated:
            return self.answer(hint)
        if hint is Any:
            return openapi.SwaggerDict()
        if origin is list:
            return openapi.Schema(type=openapi.TYPE_ARRAY, items=self.answer(arguments[0]))
        if origin in (dict, Mapping):
            values = True if arguments[1] is Any else self.answer(arguments[1])
            return openapi.Schema(type=openapi.TYPE_OBJECT, additional_properties=values)
        if origin is Literal:
            return openapi.Schema(type=_TYPES[type(arguments[0])], enum=list(arguments))
        if is_typeddict(origin or hint):
            return self._model(hint)
        if isinstance(hint, type) and issubclass(hint, serializers.BaseSerializer):
            shown = _shown_by(hint)
            return self._serializer(hint(), writing=False) if shown is None else self._model(shown)
        raise TypeError(f"config/described.py cannot describe {hint}.")

    def _model(self, hint: Any) -> Any:
        kind, arguments = get_origin(hint) or hint, get_args(hint)
        model = "".join(_name_of(part) for part in (*arguments, kind))

        def make() -> Any:
            properties = {}
            for name, of in get_type_hints(kind, include_extras=True).items():
                found = get_args(of)[0] if get_origin(of) is NotRequired else of
                properties[name] = _told(self.answer(_filled(found, arguments)), name, model)
            required = [name for name in properties if name in kind.__required_keys__]
            return openapi.Schema(
                type=openapi.TYPE_OBJECT,
                description=(kind.__doc__ or "").strip() or None,
                properties=properties,
                required=required or None,
            )

        return self._defined(model, hint, make)

    def _serializer(self, serializer: Any, *, writing: bool) -> Any:
        if isinstance(serializer, serializers.ListSerializer | serializers.ListField):
            items = self._field(serializer.child, writing=writing)
            return openapi.Schema(type=openapi.TYPE_ARRAY, items=items)
        unseen = "read_only" if writing else "write_only"
        fields = {name: field for name, field in serializer.fields.items() if not getattr(field, unseen)}
        model = get_serializer_ref_name(serializer)
        if writing and serializer.partial:
            model += "Change"
        elif writing and len(fields) < len(serializer.fields):
            model += "Write"

        def make() -> Any:
            shown = {name: self._field(field, writing=writing) for name, field in fields.items()}
            return openapi.Schema(
                type=openapi.TYPE_OBJECT,
                description=_own_doc(serializer),
                properties={name: _told(schema, name, model) for name, schema in shown.items()},
                required=[name for name, field in fields.items() if _must(serializer, field, writing)] or None,
            )

        return self._defined(model, type(serializer), make)

    def _field(self, field: Any, *, writing: bool) -> Any:
        said = [str(field.help_text)] if field.help_text else []
        if hasattr(field, "described_by"):
            return self._serializer(field.described_by(), writing=writing)
        if isinstance(field, serializers.BaseSerializer | serializers.ListField):
            return _with(self._serializer(field, writing=writing), said, nullable=field.allow_null)
        if isinstance(field, serializers.JSONField) or (isinstance(field, serializers.DictField) and _takes_all(field)):
            return _with(self.answer(FreeObject), said, nullable=field.allow_null)
        if isinstance(field, serializers.SerializerMethodField):
            method = getattr(field.parent, field.method_name or f"get_{field.field_name}")
            return _with(self.answer(get_type_hints(method)["return"]), said)
        schema = self._describe_field(field)
        for name in ("title", "readOnly", *(() if writing else _FOR_WRITING)):
            schema.pop(name, None)
        if writing and field.root.partial:
            schema.pop("default", None)  # what is left out stays as it is
        if not writing and schema.get("format") == openapi.FORMAT_EMAIL:
            schema.pop("format")  # there may be none
        if not writing and "enum" in schema and isinstance(field.parent, serializers.ModelSerializer):
            # What is stored may be more than what can be written here.
            model: Any = field.parent.Meta.model
            schema["enum"] = [value for value, _ in model._meta.get_field(field.source).choices]
        return schema

    def _defined(self, name: str, of: Any, make: Callable[[], Any]) -> Any:
        def marked() -> Any:
            made = make()
            made._of = of
            return made

        if self._definitions.setdefault(name, marked)._of != of:
            raise ValueError(f"Two models are called {name}: give {of} another name.")
        return openapi.SchemaRef(self._definitions, name)


def _told(schema: Any, name: str, model: str) -> Any:
    """The schema of a field, which says what it means. One that refers to a model leaves it to that."""
    if (
        not isinstance(schema, openapi.SchemaRef)
        and not schema.get("description")
        and (text := explained(name, model=model))
    ):
        schema["description"] = text
    return schema


def _takes_all(field: serializers.DictField) -> bool:
    return type(field.child) is type(serializers.DictField.child)


def _filled(hint: Any, arguments: tuple[Any, ...]) -> Any:
    """A hint of a generic TypedDict, which has one parameter at most, with its argument in the parameter's place."""
    if isinstance(hint, TypeVar):
        return arguments[0]
    return hint[arguments] if getattr(hint, "__parameters__", ()) else hint


def _must(serializer: Any, field: Any, writing: bool) -> bool:
    return bool(field.required and not serializer.partial) if writing else True


def _own_doc(serializer: Any) -> str | None:
    return (type(serializer).__dict__.get("__doc__") or "").strip() or None


def _name_of(kind: Any) -> str:
    if get_origin(kind) is not None:
        return "".join(_name_of(part) for part in (*get_args(kind), get_origin(kind))).replace("list", "List")
    if issubclass(kind, serializers.BaseSerializer):
        shown = _shown_by(kind)
        return str(get_serializer_ref_name(kind())) if shown is None else _name_of(shown)
    name: str = kind.__name__
    return name.removesuffix("Row")


def _shown_by(serializer_class: Any) -> Any:
    """The TypedDict that a serializer makes, or None if it declares its fields itself."""
    shown = get_type_hints(serializer_class.to_representation).get("return")
    return shown if is_typeddict(shown) else None


def _with(schema: Any, said: Iterable[Any], *, nullable: bool = False) -> Any:
    """Add what `Annotated` says to a schema. Beside a reference nothing would be read, so that goes into `allOf`."""
    more: dict[str, Any] = {}
    for part in said:
        if isinstance(part, str):
            more["description"] = part
        elif isinstance(part, Format):
            more["format"] = part.name
        elif isinstance(part, OneOf):
            more["enum"] = list(part.values)
        elif isinstance(part, type) and issubclass(part, Enum):
            more["enum"] = [choice.value for choice in part]
    if nullable:
        more["x-nullable"] = True
    if more and isinstance(schema, openapi.SchemaRef):
        schema = openapi.SwaggerDict(allOf=[schema])
    schema.update(more)
    return schema
