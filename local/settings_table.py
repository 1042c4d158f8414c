"""Print every setting of hub and trustee as Markdown: `python -m local.settings_table > docs/settings.md`."""

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from hub.settings import Settings as HubSettings
from trustee.settings import Settings as TrusteeSettings


def table(settings: type[BaseSettings]) -> str:
    """One line a setting: its environment name, default and why."""
    prefix = settings.model_config["env_prefix"]
    lines = ["| setting | default | why |", "|---|---|---|"]
    for name, field in settings.model_fields.items():
        lines.append(f"| `{_named(prefix + name, field)}` | {_default(field)} | {field.description} |")
    return "\n".join(lines)


def _named(name: str, field: FieldInfo) -> str:
    return "DATABASE_URL" if "DATABASE_URL" in str(field.validation_alias) else name.upper()


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    return "none" if value is None or value == {} else f"`{value}`"


def page() -> str:
    """The whole of docs/settings.md."""
    return (
        "# Settings\n\n"
        "Every setting in one place: its environment variable, its default, and why it is so. The hub also reads a\n"
        "settings file in its home. Made by `python -m local.settings_table`; a test holds it to the code.\n\n"
        f"## Hub\n\n{table(HubSettings)}\n\n## Trustee\n\n{table(TrusteeSettings)}\n"
    )


if __name__ == "__main__":
    print(page(), end="")
