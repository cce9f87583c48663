"""Django admin of WhatsApp: the inbox, our numbers, the templates."""

from whatsapp.admin.message_templates import TemplateAdmin
from whatsapp.admin.numbers import BusinessNumberAdmin
from whatsapp.admin.webhooks import IdentityAdmin, WebhookEventAdmin

__all__ = ["BusinessNumberAdmin", "IdentityAdmin", "TemplateAdmin", "WebhookEventAdmin"]
