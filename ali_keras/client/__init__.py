"""A client of the exported servables behind TF Serving, see docs/client.md.

Not imported by `ali_keras`, which needs no gRPC.
"""

from ali_keras.client.client import Client
from ali_keras.client.errors import DeadlineError
from ali_keras.client.errors import ServerError
from ali_keras.client.models import Encoding

__all__ = ["Client", "DeadlineError", "Encoding", "ServerError"]
