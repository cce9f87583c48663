"""The body of POST /api/messages/: its shape. Whether it can be sent, the channel decides (messaging/channels.py)."""

from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.utils.html import is_html_input

from core import safe_json
from core.bodies import BodySerializer
from core.fields import KnownFieldsOnly
from customers.serializers.customer_fields import CustomerIdField

# The types that can be sent. The channel decides which fields each needs.
TYPES = (
    "text",
    "image",
    "audio",
    "video",
    "document",
    "sticker",
    "location",
    "contacts",
    "template",
    "interactive",
    "reaction",
)
MAX_FILES = 10


class FilesField(serializers.FileField):
    """One or several files under the same name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, allow_null=True, max_length=None, **options)

    def get_value(self, dictionary: Any) -> Any:
        if hasattr(dictionary, "getlist"):
            return dictionary.getlist(self.field_name) or empty
        return super().get_value(dictionary)

    def to_internal_value(self, data: Any) -> Any:
        files = data if isinstance(data, list) else [data]
        if len(files) > MAX_FILES:
            raise serializers.ValidationError(f"At most {MAX_FILES} files can be sent at once.")
        return [super(FilesField, self).to_internal_value(file) for file in files]


class ObjectField(serializers.JSONField):
    """A JSON object; in a form, the text of one."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            try:
                data = safe_json.loads(data.encode())
            except safe_json.BadJSON as error:
                raise serializers.ValidationError(str(error))
        if not isinstance(data, dict):
            raise serializers.ValidationError("This must be a JSON object.")
        return data

    def get_value(self, dictionary: Any) -> Any:
        # Not JSONField's, which wraps the text of a form in a class of its own.
        value = serializers.Field.get_value(self, dictionary)
        return empty if value == "" else value


class WrittenField(serializers.CharField):
    """What somebody wrote. In a form each of its line ends comes as `\\r\\n`; they wrote one character."""

    def get_value(self, dictionary: Any) -> Any:
        value = super().get_value(dictionary)
        return value.replace("\r\n", "\n") if is_html_input(dictionary) and isinstance(value, str) else value


class SendMessageSerializer(BodySerializer, KnownFieldsOnly):
    """The body of POST /api/messages/. A field that is null counts as left out.

    Whether the caller may write to the `customer` is not looked up here: locking the customer says it.
    """

    customer = CustomerIdField()
    type = serializers.ChoiceField(
        choices=TYPES, required=False, allow_null=True, help_text="if left out: as the file requires, else text"
    )
    # Meta's limit for the text of a message.
    text = WrittenField(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=4096,
        trim_whitespace=False,
        help_text="the text, or the caption of an image, video or document (at most 1,024 characters)",
    )
    media = FilesField(
        help_text="the file, in multipart/form-data; given several times, each file becomes its own message"
    )
    media_from = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text="the id of a message whose file is sent again, of any chat that you see; in place of `media`",
    )
    payload = ObjectField(
        required=False,
        allow_null=True,
        help_text="for location, contacts and interactive (buttons, lists, links, flows, products, requests ...), "
        "the object as Meta defines it; for reaction, `{emoji}`",
    )
    template = ObjectField(
        required=False,
        allow_null=True,
        help_text="`{name, language, parameters | components}`; without a language, the customer's",
    )
    reply_to = serializers.IntegerField(required=False, allow_null=True, help_text="the id of a message of this chat")
    to_contact = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text="the id of an active contact of the customer: the message goes to their WhatsApp number; "
        "if left out, to the person who wrote last",
    )
    business_number = serializers.IntegerField(
        required=False,
        allow_null=True,
        help_text="the id of our number that the first message of a chat is sent from; later ones leave it out",
    )
    client_id = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=100,
        help_text="an id of your choice for this message: sent again with the same id, it is not sent twice",
    )

    if_last_seq = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        help_text="the `seq` up to which you know the chat: if the customer or a colleague has written after it, "
        "nothing is sent, and the answer is 409 `chat_moved` with those messages",
    )

    class Meta:
        ref_name = "SendMessage"

    def no_such_customer(self) -> serializers.ValidationError:
        """What is answered when the `customer` is on nobody's desk, or on somebody else's."""
        field = self.fields["customer"]
        text = field.error_messages["does_not_exist"].format(pk_value=self.validated_data["customer"])
        return serializers.ValidationError({"customer": [text]})

    def validate(self, fields: dict[str, Any]) -> dict[str, Any]:
        fields = {name: value for name, value in fields.items() if value is not None}
        kind = fields.get("type", "text")
        if "media" in fields and "media_from" in fields:
            raise serializers.ValidationError({"media_from": ["Give a file or the message that has it, not both."]})
        if kind == "text" and not fields.keys() & {"media", "media_from", "text"}:
            raise serializers.ValidationError({"text": ["This field is required."]})
        return fields
