"""Headers of templates that are no texts: a file, a place or a product."""

from typing import Any

from whatsapp.composing.interactive_actions import Product
from whatsapp.composing.media_sources import MediaSource
from whatsapp.composing.payloads import LocationSerializer
from whatsapp.composing.template_values import Given, refused
from whatsapp.limits import HEADER_MEDIA

# Those that show a file. Meta has moving pictures in headers, too, which it takes as MP4.
FILE_HEADERS = (*HEADER_MEDIA, "gif")


def header_component(form: str, given: Given, *, has_file: bool) -> list[dict[str, Any]]:
    """The component for a header of this format. Raises ValidationError.

    `has_file` says that its file comes with the message: it gets its id when it is uploaded.
    """
    if has_file and form in HEADER_MEDIA:
        if given.header:
            raise given.refused(f"The {form} of the header comes as `media`: give no other.")
        return [_component(form, {})]
    value = given.header[0] if given.header and len(given.header) == 1 else None
    content = value.get(form) if isinstance(value, dict) and str(value.get("type", "")).lower() == form else None
    return [_component(form, _checked(form, content if isinstance(content, dict) else {}, given))]


def _component(form: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "header", "parameters": [{"type": form, form: content}]}


def _checked(form: str, content: dict[str, Any], given: Given) -> dict[str, Any]:
    if form in FILE_HEADERS:
        source = MediaSource(data=content, named=form == "document")
        if not source.is_valid():
            upload = "upload it as `media`, or " if form in HEADER_MEDIA else ""
            raise given.refused(f"The header needs one {form}: {upload}give its id or https link.")
        return dict(source.validated_data)
    if form == "location":
        place = LocationSerializer(data=content)
        if not place.is_valid():
            raise given.refused("The header needs a location with latitude and longitude.")
        # As it was given: Meta takes the degrees as numbers and as texts.
        return {name: content[name] for name in place.validated_data}
    if form == "product":
        product = Product(data=content)
        if not product.is_valid():
            raise given.refused("The header needs a product with catalog_id and product_retailer_id.")
        return dict(product.validated_data)
    raise refused("name", f"Patter cannot send headers of the format {form}.")
