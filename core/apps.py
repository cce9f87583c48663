from importlib import import_module

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Patter itself"

    def ready(self) -> None:
        import_module("core.db.encoding")  # these register checks
        import_module("core.deployment")
