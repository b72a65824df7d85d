"""What would be trained, in words and tables."""

import io
import json

from ali_keras.model.build import build_model


def describe(config):
    """Describes a configuration and the networks it builds.

    Args:
        config: `Config`.

    Returns:
        String: the configuration as JSON, the networks' summaries, their
        trainable parameters.
    """
    model = build_model(config)
    networks = model.trained_networks
    lines = [json.dumps(config.values(), indent=2)]
    lines += [_summary(network) for network in networks]
    lines.append("Trainable parameters")
    lines += [f"  {n.name:<19} {num_trainable(n):>12,}" for n in networks]
    return "\n".join(lines)


def num_trainable(network):
    """Counts a network's trainable parameters."""
    return sum(
        variable.value.shape.num_elements()
        for variable in network.trainable_variables
    )


def _summary(network):
    text = io.StringIO()
    network.summary(
        line_length=100, print_fn=lambda line: print(line, file=text)
    )
    return text.getvalue()
