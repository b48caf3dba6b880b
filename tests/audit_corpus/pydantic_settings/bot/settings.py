from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="BOT_")

    token: str = ""
    data_dir: Path = Path("bot_data")
    commands_file: Path = Path("bot_data/commands.jsonl")

    @property
    def replies_file(self) -> Path:
        return self.data_dir / "replies.jsonl"


settings = Settings()
