import telemetry_lib

telemetry_lib.configure("telemetry_lib/app.jsonl")
telemetry_lib.emit(started=True)
