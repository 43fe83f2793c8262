"""Settings of one installation: ``settings.toml`` in its data folder, overridden by ``INTEGRA_*``, read once.

Secrets are never settings: keys lie in owner-only files below ``keys/``, the bot token in a file named on the command
line. A secret found in the environment stops the start.
"""

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, DirectoryPath, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from bot.channels.registry import CLIENTS
from bot.pacing import TELEGRAM, Pace, Paces

SECRETS = ("INTEGRA_TOKEN", "INTEGRA_TELEGRAM_TOKEN", "INTEGRA_MASTER_KEY", "INTEGRA_WEBHOOK_SECRET")


class SettingsError(Exception):
    """Lists all problems at once, without the offending values, so that one restart mends them all."""


def _known(name: str) -> str:
    """
    Raises:
        ValueError: it is none of those there are.
    """
    if name not in CLIENTS:
        raise ValueError(f"a client is one of: {', '.join(CLIENTS)}")
    return name


class Settings(BaseSettings):
    """
    Attributes:
        client: INTEGRA_CLIENT, the library that drives Telegram: a name of ``bot.channels.registry``. Default aiogram.
        telegram_api: INTEGRA_TELEGRAM_API, base address of the Bot API server; empty for Telegram's own.
        webhook_host: INTEGRA_WEBHOOK_HOST, address to listen on behind a proxy. Default 127.0.0.1.
        webhook_port: INTEGRA_WEBHOOK_PORT, 1 to 65535. Default 8443.
        webhook_path: INTEGRA_WEBHOOK_PATH, without any secret in it. Default /telegram.
        mentor_days: INTEGRA_MENTOR_DAYS, 1 to 366: how long a mentor has access until somebody renews it. Default 90.
        content: INTEGRA_CONTENT, a folder that replaces the shipped content. Default: none.
        question_days: INTEGRA_QUESTION_DAYS, 0 to 366: how long a question that was not answered is kept, without who
            asked; 0: none is. Default 90.
        question_people: INTEGRA_QUESTION_PEOPLE, 2 to 10: writers are shown what so many different people asked.
            Default 3.
        chat_per_s: INTEGRA_CHAT_PER_S, messages a second to one chat, 0.05 to 10000. Default 1.
        chat_burst: INTEGRA_CHAT_BURST, how many may go to one chat at once before that, 1 to 10000. Default 5.
        all_per_s: INTEGRA_ALL_PER_S, messages a second to all chats together, 1 to 10000. Default 30.
        all_burst: INTEGRA_ALL_BURST, how many may go to all chats at once before that, 1 to 10000. Default 30.
        backup_months: INTEGRA_BACKUP_MONTHS, 1 to 24: after so many months the key of a month's backups is destroyed.
            Default 3.
        draft_hours: INTEGRA_DRAFT_HOURS, hours without a turn after which a draft is dropped, 1 to 72. Default 12.
        status: INTEGRA_STATUS, IP address and port of /healthz, /readyz and /metrics. Default: not served.
        status_public: INTEGRA_STATUS_PUBLIC, whether other machines may reach that address. Default false.
        page_url: INTEGRA_PAGE_URL, what browsers reach the page as, https://notes.example.org; empty: there is no page.
        page_listen: INTEGRA_PAGE_LISTEN, IP address and port that the page is served on, behind the TLS proxy.
            Default 127.0.0.1:8444.
        page_folder: INTEGRA_PAGE_FOLDER, folder of the built page. Default: as `make page` built it.
        page_in_telegram: INTEGRA_PAGE_IN_TELEGRAM, whether `/page` also offers to open it within Telegram, whose word
            for who somebody is then counts. Default false.
        page_in_telegram_web: INTEGRA_PAGE_IN_TELEGRAM_WEB, whether Telegram's web client may show the page in a frame.
            Default false.
        by_meaning: INTEGRA_BY_MEANING, whether answers are found by what sentences mean, too, where the extra for it is
            installed. Default true.
        log_level: INTEGRA_LOG_LEVEL, least level that is logged: info, warning or error. Default info.
        log_format: INTEGRA_LOG_FORMAT, json or logfmt. Default json.
    """

    model_config = SettingsConfigDict(env_prefix="INTEGRA_", extra="forbid", frozen=True, hide_input_in_errors=True)

    client: Annotated[str, AfterValidator(_known)] = "aiogram"
    telegram_api: str = ""
    webhook_host: str = "127.0.0.1"
    webhook_port: int = Field(default=8443, ge=1, le=65535)
    webhook_path: str = Field(default="/telegram", pattern=r"^/[A-Za-z0-9/_-]*$")
    draft_hours: int = Field(default=12, ge=1, le=72)
    mentor_days: int = Field(default=90, ge=1, le=366)
    question_days: int = Field(default=90, ge=0, le=366)
    question_people: int = Field(default=3, ge=2, le=10)
    chat_per_s: float = Field(default=TELEGRAM.chat.per_s, ge=0.05, le=10_000)
    chat_burst: int = Field(default=TELEGRAM.chat.burst, ge=1, le=10_000)
    all_per_s: float = Field(default=TELEGRAM.overall.per_s, ge=1, le=10_000)
    all_burst: int = Field(default=TELEGRAM.overall.burst, ge=1, le=10_000)
    backup_months: int = Field(default=3, ge=1, le=24)
    status: str = ""
    status_public: bool = False
    page_url: str = ""
    page_listen: str = "127.0.0.1:8444"
    page_folder: Annotated[DirectoryPath | None, BeforeValidator(lambda value: value or None)] = None
    page_in_telegram: bool = False
    page_in_telegram_web: bool = False
    by_meaning: bool = True
    log_level: Literal["info", "warning", "error"] = "info"
    log_format: Literal["json", "logfmt"] = "json"
    content: Annotated[DirectoryPath | None, BeforeValidator(lambda value: value or None)] = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings, env_settings)

    @property
    def paces(self) -> Paces:
        """How fast messages go to Telegram."""
        return Paces(Pace(self.chat_per_s, self.chat_burst), Pace(self.all_per_s, self.all_burst))

    @classmethod
    def read(cls, data: Path | None = None) -> "Settings":
        """
        Args:
            data: folder whose ``settings.toml`` counts where the environment is silent; None: the environment alone.

        Raises:
            SettingsError: anything is wrong, or a secret stands in the environment.
        """
        exposed = [name for name in SECRETS if name in os.environ]
        if exposed:
            raise SettingsError(f"{', '.join(exposed)}: secrets are read from owner-only files; unset the variable")
        written: dict[str, Any] = {}
        if data is not None and (data / "settings.toml").exists():
            try:
                written = TomlConfigSettingsSource(cls, data / "settings.toml")()
            except ValueError:  # no TOML, or no text at all
                raise SettingsError(f"{data / 'settings.toml'} is not TOML; see its first lines for the form") from None
        heard = {name for name in cls.model_fields if f"INTEGRA_{name.upper()}" in os.environ}
        try:
            return cls(**{name: value for name, value in written.items() if name not in heard})
        except ValidationError as wrong:
            problems = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in wrong.errors(include_input=False))
            raise SettingsError("; ".join(problems)) from None
