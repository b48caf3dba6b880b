import json

from bot.settings import Settings, settings


async def on_command(update):
    with settings.commands_file.open("a") as f:  # WRITER append Path.open bot_data/commands.jsonl; keys=user,text
        f.write(json.dumps({"user": update.user, "text": update.text}) + "\n")


class Replier:
    def __init__(self, config: Settings):
        self.config = config

    async def reply(self, update, text):
        await update.reply(text)
        with self.config.replies_file.open("a") as f:  # WRITER append Path.open bot_data/replies.jsonl; keys=to,text
            f.write(json.dumps({"to": update.user, "text": text}) + "\n")
