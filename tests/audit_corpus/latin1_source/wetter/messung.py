# -*- coding: latin-1 -*-
# Für die Wetterstation auf dem Dach: Größe und Höhe in Metern.
import json
import time

STATION = "Zürich-Höngg"


def messen(temperatur, druck):
    """Hängt eine Messung an."""
    messung = {"station": STATION, "zeit": time.time(), "temperatur": temperatur, "druck": druck}
    with open("wetter/messungen.jsonl", "a", encoding="utf-8") as datei:  # WRITER append open wetter/messungen.jsonl; keys=station,zeit,temperatur,druck
        datei.write(json.dumps(messung) + "\n")


def lesen():
    with open("wetter/messungen.jsonl", encoding="utf-8") as datei:  # READER open wetter/messungen.jsonl [parses]
        return [json.loads(zeile) for zeile in datei]
