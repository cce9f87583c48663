"""The choices of a customer's fields."""

from django.db import models


class Source(models.TextChoices):
    WHATSAPP = "whatsapp"
    INSTAGRAM = "instagram"
    TELEGRAM = "telegram"
    WEBSITE = "website"
    MANUAL = "manual"


class Gender(models.TextChoices):
    MALE = "male"
    FEMALE = "female"
    OTHER = "other"


class LoyaltyTier(models.TextChoices):
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"


def language_tag(text: str) -> str:
    """A language tag as it is stored, whatever its case: `en`, `pt-BR`, `zh-Hant`."""
    language, dash, region = text.partition("-")
    return f"{language.lower()}{dash}{region.upper() if len(region) < 4 else region.capitalize()}"
