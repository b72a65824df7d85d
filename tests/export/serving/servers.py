"""Helpers: a server that tells states too, and the bundle's smoke test."""

import contextlib
import json
import re
import sys
import threading

from tests import programs
from tests.client import serving_server


class Handler(serving_server.RestHandler):
    """Tells the state of versions too, as far as `Models` has them."""

    def do_GET(self):
        match = re.fullmatch(r"/v1/models/(\w+)(?:/versions/(\d+))?", self.path)
        if not match:
            return super().do_GET()
        models, (name, wanted) = self.server.models, match.groups()
        states = [
            {"version": str(version), "state": self.server.state}
            for version in models.servables.get(name, ())
            if wanted in (None, str(version))
        ]
        content = json.dumps({"model_version_status": states}).encode()
        self.send_response(200 if states else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextlib.contextmanager
def rest_server(models, state="AVAILABLE"):
    """Yields the port of a server of models in a state."""
    with serving_server.RestServer(0, models) as server:
        server.RequestHandlerClass, server.state = Handler, state
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def smoke_test(bundle, port, timeout=20):
    """Runs the smoke test where nothing but Python's own modules is seen."""
    flags = (f"--address=127.0.0.1:{port}", f"--timeout={timeout}")
    script = bundle / "smoke_test.py"
    return programs.run(sys.executable, "-I", "-S", script, *flags)
