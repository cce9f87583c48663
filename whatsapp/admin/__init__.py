"""Django admin of WhatsApp: the inbox, our numbers, the templates."""

from whatsapp.admin.numbers import BusinessNumberAdmin
from whatsapp.admin.templates import TemplateAdmin
from whatsapp.admin.webhooks import IdentityAdmin, WebhookEventAdmin

__all__ = ["BusinessNumberAdmin", "IdentityAdmin", "TemplateAdmin", "WebhookEventAdmin"]
