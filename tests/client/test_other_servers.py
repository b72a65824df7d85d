"""The client and servers that are no TF Serving."""

import http.server
import socketserver
import threading
import time

import pytest

from ali_keras.client import Client
from ali_keras.client import DeadlineError
from ali_keras.client import ServerError
from tests import tiny


@pytest.fixture(params=["grpc", "rest"])
def transport(request):
    return request.param


class Trickle(socketserver.BaseRequestHandler):
    """Begins to answer, and never ends."""

    def handle(self):
        self.request.recv(1 << 16)
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
        for _ in range(100):
            time.sleep(0.02)
            self.request.sendall(b" ")


class Counter(socketserver.BaseRequestHandler):
    """Hangs up at once."""

    calls = 0

    def handle(self):
        Counter.calls += 1


class Quitter(socketserver.BaseRequestHandler):
    """Hangs up in the middle of an answer."""

    calls = 0

    def handle(self):
        Quitter.calls += 1
        self.request.recv(1 << 16)
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{")


class Silent(socketserver.ThreadingTCPServer):
    def handle_error(self, request, client_address):
        """The client hung up, as it should."""


def asking(handler, transport="rest", **options):
    """Asks a server that is no TF Serving."""
    with Silent(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        address = f"127.0.0.1:{server.server_address[1]}"
        if transport == "rest":
            address = f"http://{address}"
        try:
            with Client(address, **options) as client:
                client.encode(tiny.images())
        finally:
            server.shutdown()
            thread.join()


class Closing(socketserver.BaseRequestHandler):
    """Says where its answer ends, and then hangs up."""

    def handle(self):
        self.request.recv(1 << 16)
        self.request.sendall(
            b"HTTP/1.0 404 Not Found\r\nContent-Length: 16\r\n\r\n"
            b'{"error": "gone"}'[:16]
        )


def test_a_trickle_of_bytes_does_not_outlast_the_deadline():
    start = time.monotonic()
    with pytest.raises(DeadlineError, match=r"0\.5 s"):
        asking(Trickle, timeout=0.5)
    assert time.monotonic() - start < 5


def test_another_try_is_another_connection(transport):
    # By itself gRPC would not connect again within the second.
    Counter.calls = 0
    with pytest.raises(ServerError, match="^UNAVAILABLE"):
        asking(Counter, transport, tries=5)
    assert Counter.calls >= 2


def test_an_answer_that_closes_the_connection_is_read():
    with pytest.raises(ServerError, match="^NOT_FOUND"):
        asking(Closing)


def test_a_connection_that_is_lost_is_tried_again():
    with pytest.raises(ServerError, match="^UNAVAILABLE: .*IncompleteRead"):
        asking(Quitter)
    assert Quitter.calls == 3


@pytest.mark.parametrize(
    ("status", "content", "message"),
    [
        (502, "<html>Bad\nGateway</html>", "HTTP_502: .*Bad Gateway"),
        (200, "<html>Welcome</html>", "UNKNOWN: .*Welcome"),
        (200, '{"metadata": []}', "UNKNOWN: no answer as TF Serving"),
        (500, '{"error": "a\\nb"}', "^INTERNAL: a b$"),
    ],
)
def test_answers_of_other_servers_are_one_line(status, content, message):
    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *args):
            pass

    with pytest.raises(ServerError, match=message) as raised:
        asking(Other)
    assert "\n" not in str(raised.value)
