"""Changes an architecture for short training."""

import dataclasses

DISCRIMINATOR = ("discriminator_x", "discriminator_z", "discriminator_xz")


def stabilised(architecture):
    """Returns the networks with the changes that our stabilisers need.

    These changes are ours, not the papers'. The initial weights are those of
    He et al. (2015). The discriminator has neither batch normalization nor
    dropout: with a gradient penalty, the logit of a pair must not depend on
    other pairs, and the penalty regularises in their place. Rows without their
    batch normalization get a bias.

    Args:
        architecture: `Architecture`.

    Returns:
        `Architecture`.
    """
    tables = {
        name: tuple(_plain(row) for row in getattr(architecture, name))
        for name in DISCRIMINATOR
    }
    return dataclasses.replace(architecture, **tables, weight_stddev=None)


def _plain(row):
    bias = "tied" if row.batch_norm else row.bias
    return row._replace(
        batch_norm=False, dropout=0.0, late_dropout=0.0, bias=bias
    )
