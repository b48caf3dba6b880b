from logs import factory


def bill(user, amount):
    factory.get_event_writer("billing")(event="bill", user=user, amount=amount)
