"""An architecture's variant for short budgets."""

import dataclasses

DISCRIMINATOR = ("discriminator_x", "discriminator_z", "discriminator_xz")


def stabilised(architecture):
    """Returns the same networks as our stabilisers want them.

    Ours, not the papers'. The weights start at He et al. (2015). The
    discriminator has neither batch normalization nor dropout: a gradient
    penalty wants each pair judged alone, and does the work of both. Rows that
    lose their batch normalization get a bias.

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
