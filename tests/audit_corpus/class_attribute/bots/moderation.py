import json
from datetime import datetime
from pathlib import Path


class ModerationLog:
    BASE = Path("moderation")
    ACTIONS = BASE / "actions.jsonl"
    APPEALS = "moderation/appeals.jsonl"

    @classmethod
    def action(cls, user, verb, by):
        cls.BASE.mkdir(exist_ok=True)
        with cls.ACTIONS.open("a", encoding="utf-8") as f:  # WRITER append Path.open moderation/actions.jsonl; keys=user,verb,by,at
            f.write(json.dumps({"user": user, "verb": verb, "by": by, "at": datetime.now().isoformat()}) + "\n")

    @staticmethod
    def appeal(user, text):
        with open(ModerationLog.APPEALS, "a", encoding="utf-8") as f:  # WRITER append open moderation/appeals.jsonl; keys=user,text
            f.write(json.dumps({"user": user, "text": text}) + "\n")

    def export(self, target):
        target.write_text(json.dumps({"actions": self.all_actions()}, indent=4))  # nothing

    def all_actions(self):
        return [json.loads(x) for x in self.ACTIONS.read_text("utf-8").splitlines()]  # READER read_text moderation/actions.jsonl [parses]
