"""The form of a business number: its account and token, and the profile that customers see."""

from typing import Any

from django import forms

from core.files.uploads import UploadRefused, check_upload
from core.names import check_name
from messaging.models import BusinessNumber
from whatsapp.business_numbers import TRANSPORT
from whatsapp.limits import MAX_PROFILE_PICTURE, MAX_WEBSITE, PROFILE_TEXTS, shown_size
from whatsapp.models import NumberAccess, NumberProfile

_WEBSITES = ("website", "other_website")


def _profile_text(name: str, **options: Any) -> forms.CharField:
    return forms.CharField(max_length=PROFILE_TEXTS[name], required=False, **options)


def _website() -> forms.URLField:
    return forms.URLField(max_length=MAX_WEBSITE, required=False, assume_scheme="https")


class BusinessNumberForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """A number with its account and access token. The token is never shown again."""

    waba_id = forms.CharField(label="WhatsApp Business Account id", max_length=64, required=False)
    access_token = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Leave empty to keep the current token. It is stored encrypted.",
    )
    forget_token = forms.BooleanField(required=False, help_text="Without a token nothing can be sent from the number.")

    about = _profile_text("about", help_text="What customers read below the name.")
    address = _profile_text("address")
    description = _profile_text("description", widget=forms.Textarea(attrs={"rows": 3}))
    email = forms.EmailField(max_length=PROFILE_TEXTS["email"], required=False)
    website = _website()
    other_website = _website()
    picture = forms.FileField(
        required=False, label="New picture", help_text="JPEG or PNG, best a square of 640 x 640 pixels."
    )

    class Meta:
        model = BusinessNumber
        fields = ("external_id", "display")
        labels = {"external_id": "Phone number id", "display": "Number"}
        help_texts = {"external_id": "Meta's id of the number, from WhatsApp Manager; not the phone number."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        access = NumberAccess.objects.filter(number=self.instance.pk).first()
        if access is not None:
            self.fields["waba_id"].initial = access.waba_id
        row = NumberProfile.objects.filter(number=self.instance.pk).first()
        self.shown = {**row.profile, **row.wanted} if row is not None else {}
        for name in PROFILE_TEXTS:
            self.fields[name].initial = self.shown.get(name, "")
        sites = self.shown.get("websites") or []
        for name, site in zip(_WEBSITES, sites, strict=False):
            self.fields[name].initial = site

    def clean_external_id(self) -> str:
        """Only of a new number: the id of one that is there cannot be changed."""
        external_id: str = self.cleaned_data["external_id"].strip()
        if not external_id.isascii() or not external_id.isdecimal():
            raise forms.ValidationError(
                "This is not a phone number id: ids are digits only. WhatsApp Manager shows it beside the number."
            )
        known = BusinessNumber.objects.filter(transport=TRANSPORT, external_id=external_id).first()
        if known is not None:
            raise forms.ValidationError(f"This number is here already, as {known}. Change that one.")
        return external_id

    def clean_display(self) -> str:
        display: str = self.cleaned_data["display"]
        if display:
            check_name(display)
        return display

    def clean_access_token(self) -> str:
        token: str = self.cleaned_data["access_token"].strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise forms.ValidationError("This is not an access token: tokens have no spaces and no special characters.")
        return token

    def clean_picture(self) -> bytes | None:
        """The bytes of a new picture. Meta takes JPEG and PNG."""
        file = self.cleaned_data.get("picture")
        if not file:
            return None
        if file.size > MAX_PROFILE_PICTURE:
            raise forms.ValidationError(f"The picture is larger than {shown_size(MAX_PROFILE_PICTURE)}.")
        try:
            check_upload(file)
        except UploadRefused as refused:
            raise forms.ValidationError(str(refused))
        file.seek(0)
        content: bytes = file.read()
        if not content.startswith((b"\xff\xd8\xff", b"\x89PNG")):
            raise forms.ValidationError("This is no JPEG or PNG picture.")
        return content

    def profile_changes(self) -> dict[str, Any]:
        """The parts of the profile that the form has otherwise than they are shown."""
        given = self.cleaned_data
        changes = {name: given[name] for name in PROFILE_TEXTS if given[name] != (self.shown.get(name) or "")}
        sites = [given[name] for name in _WEBSITES if given[name]]
        return changes if sites == (self.shown.get("websites") or []) else {**changes, "websites": sites}
