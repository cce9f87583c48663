"""Which language of a template a customer gets."""

from whatsapp.composing.template_values import refused
from whatsapp.models import Template


def in_language(waba_id: str, name: str, preferred: str) -> str:
    """The language of a template that comes nearest to the preferred one. Raises ValidationError.

    Languages in which it can be sent now come first. `en_GB` is nearest to `en_GB`, then to `en`, then to any other
    English. Without any of these, a template that has only one language goes out in that.
    """
    rows = Template.objects.filter(waba_id=waba_id, name=name).values_list("language", "status")
    known = sorted(rows)
    if not known:
        raise refused("name", "There is no such template. `manage.py sync_templates` fetches new ones from Meta.")
    languages = [language for language, status in known if status == Template.SENDABLE]
    languages = languages or [language for language, _ in known]
    wanted = _spelt(preferred)
    near = [language for language in languages if _base(language) == _base(preferred)]
    if near:
        return min(near, key=lambda one: (_spelt(one) != wanted, _spelt(one) != _base(preferred), one))
    if len(languages) == 1:
        return languages[0]
    reason = f"This template is not available in the customer's language ({preferred}), only in {', '.join(languages)}."
    raise refused("language", f"{reason} Choose one.")


def _spelt(language: str) -> str:
    """Meta writes `en_GB`, others `en-gb`."""
    return language.strip().replace("-", "_").lower()


def _base(language: str) -> str:
    return _spelt(language).partition("_")[0]
