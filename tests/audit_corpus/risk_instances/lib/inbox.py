from lib.activity import ActivityLog


class Inbox:
    def __init__(self):
        self.log = ActivityLog()

    def receive(self, mail):
        self.log.add(event="received", subject=mail.subject)
