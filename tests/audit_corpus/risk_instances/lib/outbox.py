from lib.activity import ActivityLog


class Outbox:
    def __init__(self):
        self.activity = ActivityLog()

    def send(self, mail):
        self.activity.add(event="sent", subject=mail.subject)
