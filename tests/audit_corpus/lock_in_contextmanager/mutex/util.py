import contextlib
import fcntl


@contextlib.contextmanager
def exclusive(name):
    with open(name + ".lock", "w") as lock_file:  # nothing
        fcntl.lockf(lock_file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.lockf(lock_file, fcntl.LOCK_UN)
