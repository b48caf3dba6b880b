"""Reads JSON Lines from standard input and passes them on."""

import json
import socket
import sys

out = sys.stdout


def main():
    connection = socket.create_connection(("localhost", 5170))
    wire = connection.makefile("w")  # nothing
    for line in sys.stdin:
        record = json.loads(line)
        if record.get("drop"):
            print(json.dumps({"dropped": record}), file=sys.stderr)
            continue
        out.write(json.dumps(record) + "\n")
        sys.stdout.buffer.write(json.dumps(record).encode() + b"\n")
        connection.sendall(json.dumps(record).encode() + b"\n")
        wire.write(json.dumps(record) + "\n")
        wire.flush()


if __name__ == "__main__":
    main()
