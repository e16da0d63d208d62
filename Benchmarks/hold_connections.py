"""Opens TLS connections to a member, asks one thing over each, and holds them idle until told otherwise.

    hold_connections.py PORT FEW MORE

Says "few" once FEW are open and, after a line on standard input, "all" once MORE of them are; the next line ends it.
"""

import socket
import ssl
import sys


def opened(context, port):
    plain = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection = context.wrap_socket(plain)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: member\r\n\r\n")
    if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
        sys.exit("a request over a connection failed")
    return connection


def main():
    port, few, more = (int(argument) for argument in sys.argv[1:])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # The member is this machine's own, and its certificate is minutes old.
    context.verify_mode = ssl.CERT_NONE
    held = []
    for word, count in (("few", few), ("all", more)):
        held += [opened(context, port) for _ in range(count)]
        print(word, flush=True)
        sys.stdin.readline()


main()
