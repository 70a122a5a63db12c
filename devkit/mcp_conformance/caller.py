"""What the suite runs as a client: has the process of the tests act as one, and ends as that ends.

python -I -S caller.py PORT URL
"""

import json
import os
import socket
import sys

SCENARIO = os.environ["MCP_CONFORMANCE_SCENARIO"]

if SCENARIO.startswith("auth/"):
    told = {
        "url": sys.argv[2],
        "scenario": SCENARIO,
        "context": os.environ.get("MCP_CONFORMANCE_CONTEXT", "{}"),
        "version": os.environ["MCP_CONFORMANCE_PROTOCOL_VERSION"],
    }
    with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as connection:
        connection.sendall(f"{json.dumps(told)}\n".encode())
        failure = connection.makefile("rb").read().decode()
    sys.stderr.write(failure)
    sys.exit(1 if failure else 0)
