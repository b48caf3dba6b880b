import atexit
import json
import time

_bus_log = open("bus.log", "a")  # WRITER append open bus.log; keys=t,topic,body
atexit.register(_bus_log.close)
_subscribers = {}


def publish(topic, body):
    _bus_log.write(json.dumps({"t": time.time(), "topic": topic, "body": body}) + "\n")
    _bus_log.flush()
    for callback in _subscribers.get(topic, ()):
        callback(body)


def subscribe(topic, callback):
    _subscribers.setdefault(topic, []).append(callback)
