"""Has Django admin use Patter's site."""

from django.contrib.admin.apps import AdminConfig


class PatterAdmin(AdminConfig):
    default_site = "config.admin_site.PatterSite"
