from core.telemetry import Telemetry, get_telemetry


def run(job):
    get_telemetry().emit("job.start", job=job)
    try:
        job()
    except Exception as error:
        Telemetry().emit("job.error", error=str(error))
        raise
