"""Django admin for WhatsApp: webhooks, identities, business numbers and templates."""

from whatsapp.admin import customers
from whatsapp.admin.identities import IdentityAdmin
from whatsapp.admin.message_templates import TemplateAdmin, TemplateSyncAdmin
from whatsapp.admin.numbers import BusinessNumberAdmin
from whatsapp.admin.webhooks import WebhookEventAdmin

__all__ = [
    "BusinessNumberAdmin",
    "IdentityAdmin",
    "TemplateAdmin",
    "TemplateSyncAdmin",
    "WebhookEventAdmin",
    "customers",
]
