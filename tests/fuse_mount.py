"""A file system of FUSE with nothing in it, mounted under any type: real to the kernel, served by a thread here."""

import ctypes
import errno
import os
import stat
import struct
import threading
from contextlib import contextmanager

LOOKUP, GETATTR, STATFS, INIT = 1, 3, 17, 26
LAZILY = 2  # MNT_DETACH


@contextmanager
def mounted(folder, kind):
    """Mount it on `folder` as, say, "fuse.sshfs". Raises OSError without the right to."""
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR)
    try:
        options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
        if libc.mount(b"ana@server:/data", os.fsencode(folder), kind.encode(), 0, options.encode()):
            raise OSError(ctypes.get_errno(), "mount")
        server = threading.Thread(target=_serve, args=(device,), daemon=True)
        server.start()
        try:
            yield
        finally:
            libc.umount2(os.fsencode(folder), LAZILY)
            server.join(10)
    finally:
        os.close(device)


def _serve(device):
    while True:
        try:
            request = os.read(device, 1 << 17)
        except OSError:  # it is mounted no more
            return
        _, operation, unique = struct.unpack_from("=IIQ", request)
        answer, error = b"", 0
        if operation == INIT:
            answer = struct.pack("=IIIIHHI", 7, 12, 0, 0, 1, 1, 4096)
        elif operation == GETATTR:
            attributes = struct.pack(
                "=QQQQQQIIIIIIIIII", 1, 0, 0, 0, 0, 0, 0, 0, 0, stat.S_IFDIR | 0o700, 2, 0, 0, 0, 512, 0
            )
            answer = struct.pack("=QII", 0, 0, 0) + attributes
        elif operation == STATFS:
            answer = bytes(80)
        else:
            error = -(errno.ENOENT if operation == LOOKUP else errno.ENOSYS)
        try:
            os.write(device, struct.pack("=IiQ", 16 + len(answer), error, unique) + answer)
        except OSError:  # nobody waits for it any more
            continue
