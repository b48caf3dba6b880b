from logs.factory import get_event_writer

log = get_event_writer("auth")


def login(user):
    log(event="login", user=user)
