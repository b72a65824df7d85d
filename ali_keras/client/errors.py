"""What a server refuses, fails at, or does not answer in time."""

UNAVAILABLE = "UNAVAILABLE"
DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"


class ServerError(Exception):
    """A server refused, failed, or could not be reached.

    Args:
        code: String. gRPC's name of the status, such as "INVALID_ARGUMENT";
            over REST the name that is nearest to the HTTP status.
        message: String. What the server says; held as one line.
    """

    def __init__(self, code: str, message: str) -> None:
        message = " ".join(message.split())
        # Not to be obeyed by a terminal, nor refused by an encoding.
        message = "".join(c if c.isprintable() else "?" for c in message)
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class DeadlineError(ServerError):
    """The time that was given for a call is over. `code` says so as well.

    Args:
        message: String.
    """

    def __init__(self, message: str) -> None:
        super().__init__(DEADLINE_EXCEEDED, message)
        self.args = (message,)  # What __init__ takes, for copies.


def not_understood(reason: object) -> ServerError:
    """Makes the error for an answer that TF Serving does not write.

    Args:
        reason: Exception or string.
    """
    return ServerError(
        "UNKNOWN", f"no answer as TF Serving writes it: {reason!r}"
    )
