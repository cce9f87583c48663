"""What can be done with tags: the only writers of Tag and CustomerTag rows."""

from tags.actions.given import (
    Change,
    add_tag,
    add_tags,
    customer_at_desk,
    follow_source,
    remove_tag,
    remove_tags,
    replace_tags,
    tag_customers,
    take_over,
)
from tags.actions.tags import (
    SYSTEM_TAGS,
    Deleted,
    check_may_change,
    create_tags,
    delete_tag,
    delete_tags,
    ensure_system_tags,
    rename_tag,
)

__all__ = [
    "SYSTEM_TAGS",
    "Change",
    "Deleted",
    "add_tag",
    "add_tags",
    "check_may_change",
    "create_tags",
    "customer_at_desk",
    "delete_tag",
    "delete_tags",
    "ensure_system_tags",
    "follow_source",
    "remove_tag",
    "remove_tags",
    "rename_tag",
    "replace_tags",
    "tag_customers",
    "take_over",
]
