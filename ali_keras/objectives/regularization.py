"""The losses of the networks' own layers, for networks of users' own.

A layer may bring losses: `kernel_regularizer` and its like, of its weights;
`activity_regularizer` and `add_loss`, of a call. Each enters the loss of the
player whose layer it is. Networks of this library have none.
"""

from ali_keras.distribution.replicas import num_replicas
from ali_keras.objectives.forward import Networks
from ali_keras.objectives.losses import promote
from ali_keras.objectives.term import DISCRIMINATOR
from ali_keras.objectives.term import GENERATOR
from ali_keras.objectives.term import Term

TERMS = (
    Term("generator_regularization", GENERATOR),
    Term("discriminator_regularization", DISCRIMINATOR),
)
_PLAYERS = {
    "generator_regularization": ("encoder", "decoder"),
    "discriminator_regularization": ("discriminator", "cycle_discriminator"),
}
# Layers of these packages bring losses by a regulariser only.
_KNOWN = ("keras.", "ali_keras.")


class LayerLosses:
    """Collects the losses of layers during one training step.

    Keras keeps the losses of a network's last call only. Here, those of all
    calls of a step are summed, as Keras does it within one model.

    Args:
        networks: `Networks` that are trained.
    """

    def __init__(self, networks):
        self._originals = networks
        self._of_calls = {name: [] for name in Networks._fields}
        # To be called in the step, in place of the networks.
        self.networks = Networks(
            *(
                _Observed(network, self._of_calls[name])
                if network and may_add_losses(network)
                else network
                for name, network in networks._asdict().items()
            )
        )

    def terms(self):
        """Sums the losses of each player; call it after the networks.

        Returns:
            Dictionary of scalars by the names of `TERMS`, without a player
            whose layers have no losses.
        """
        terms = {}
        for term, names in _PLAYERS.items():
            losses = [loss for name in names for loss in self._losses(name)]
            if losses:
                terms[term] = sum(promote(*losses))
        return terms

    def _losses(self, name):
        network = getattr(self._originals, name)
        if not network:
            return []
        return self._of_calls[name] + weight_losses(network)


def weight_losses(network):
    """Computes a network's losses of weights: a list of scalars."""
    return [v.regularizer(v) for v in _regularized(network)]


def terms_of(networks):
    """Returns the `TERMS` that training these networks may report."""
    return [
        term
        for term in TERMS
        if any(
            _regularized(network) or may_add_losses(network)
            for network in map(networks._asdict().get, _PLAYERS[term.name])
            if network
        )
    ]


def check_replicas(networks):
    """Raises `ValueError` for losses of activities on several replicas."""
    if num_replicas() == 1:
        return
    for name, network in networks._asdict().items():
        layer = network and _activity_regularized(network)
        if layer:
            raise _only_on_one_replica(f"{name}'s layer {layer.name!r}")


def may_add_losses(network):
    """Whether a call of a network may bring losses."""
    return bool(_activity_regularized(network)) or any(
        not type(layer).__module__.startswith(_KNOWN)
        for layer in network._flatten_layers()
    )


def _activity_regularized(network):
    return next(
        (
            layer
            for layer in network._flatten_layers()
            if layer.activity_regularizer is not None
        ),
        None,
    )


def _regularized(network):
    return [
        variable
        for variable in network.trainable_variables
        if variable.regularizer is not None
    ]


def _only_on_one_replica(where):
    # Replicas are traced in threads that take turns within a call, and Keras
    # keeps such losses in the layer: they would get each other's.
    return ValueError(
        "On several replicas, layers must have no losses of a call "
        "(activity_regularizer, add_loss); those of weights work. Received: "
        f"{where}"
    )


class _Observed:
    """A network that takes down the losses of its calls."""

    def __init__(self, network, losses):
        self._network = network
        self._losses = losses

    def __call__(self, *args, **kwargs):
        outputs = self._network(*args, **kwargs)
        losses = self._network.losses
        # Those of weights come last.
        of_call = losses[: len(losses) - len(_regularized(self._network))]
        if of_call and num_replicas() > 1:
            raise _only_on_one_replica(self._network.name)
        self._losses.extend(of_call)
        return outputs

    def __getattr__(self, name):
        return getattr(self._network, name)
