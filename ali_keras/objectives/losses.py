"""The ALI objective as pure functions of discriminator logits.

A pair of the encoder (x, z ~ q(z|x)) is labelled 1, a pair of the decoder
(x ~ p(x|z), z) is labelled 0. Logits of lower precision are taken to float32.
"""

from ali_keras.lazy import tensorflow as tf


def discriminator_loss(encoder_logits, decoder_logits):
    """Cross-entropy of telling encoder pairs from decoder pairs.

    `mean(softplus(-D(x, z_hat)) + softplus(D(x_tilde, z)))`, Algorithm 1 of
    Dumoulin et al. (2017).

    Args:
        encoder_logits: Float tensor `(batch,)`, D on encoder pairs.
        decoder_logits: Float tensor `(batch,)`, D on decoder pairs.

    Returns:
        Scalar, at least float32; `2 log 2` where all logits are 0.
    """
    encoder_logits, decoder_logits = promote(encoder_logits, decoder_logits)
    return tf.reduce_mean(
        tf.nn.softplus(-encoder_logits) + tf.nn.softplus(decoder_logits)
    )


def generator_loss(encoder_logits, decoder_logits):
    """The non-saturating loss of encoder and decoder: the labels swapped.

    `mean(softplus(D(x, z_hat)) + softplus(-D(x_tilde, z)))`, Algorithm 1 of
    Dumoulin et al. (2017). Arguments and result as `discriminator_loss`.
    """
    return discriminator_loss(decoder_logits, encoder_logits)


def relativistic_discriminator_loss(encoder_logits, decoder_logits):
    """Cross-entropy of the difference between paired logits.

    `mean(softplus(-(D(x, z_hat) - D(x_tilde, z))))`: the relativistic pairing
    loss of Jolicoeur-Martineau (2018), as used by Huang et al. (2024).

    Args:
        encoder_logits: Float tensor `(batch,)`, D on encoder pairs.
        decoder_logits: Float tensor `(batch,)`, D on decoder pairs.

    Returns:
        Scalar, at least float32; `log 2` where all logits are equal.
    """
    encoder_logits, decoder_logits = promote(encoder_logits, decoder_logits)
    return tf.reduce_mean(tf.nn.softplus(decoder_logits - encoder_logits))


def relativistic_generator_loss(encoder_logits, decoder_logits):
    """`relativistic_discriminator_loss` with the roles of the pairs swapped."""
    return relativistic_discriminator_loss(decoder_logits, encoder_logits)


def discriminator_accuracy(encoder_logits, decoder_logits, relativistic):
    """Share of pairs that D tells apart; a tie counts as wrong.

    Args:
        encoder_logits: Float tensor `(batch,)`.
        decoder_logits: Float tensor `(batch,)`.
        relativistic: Boolean. Whether D compares paired logits, or each with
            0.

    Returns:
        Scalar in [0, 1].
    """
    if relativistic:
        right = encoder_logits > decoder_logits
    else:
        right = tf.concat([encoder_logits > 0, decoder_logits < 0], axis=0)
    return tf.reduce_mean(tf.cast(right, tf.float32))


def gradient_penalty(*gradients):
    """Half the mean squared norm of D's gradient, over both kinds of pairs.

    `1/2 E|grad_(x,z) D|^2`, summed over encoder pairs (R1) and decoder pairs
    (R2): the zero-centred penalties of Mescheder et al. (2018).

    Args:
        *gradients: Float tensors `(2 * batch, ...)`, the gradients of each
            pair's logit by the parts of the pair, such as image and z, both
            kinds in a row.

    Returns:
        Scalar, at least float32.
    """
    squared_norms = 0.0
    for gradient in promote(*gradients):
        axes = list(range(1, gradient.shape.rank))
        squared_norms += tf.reduce_sum(gradient**2, axis=axes)
    # The mean over 2 * batch pairs is half the sum of the two kinds' means.
    return tf.reduce_mean(squared_norms)


def cycle_loss(values, others, form):
    """Mean distance of two batches: of x to G(E(x)), or of z to E(G(z)).

    Args:
        values: Float tensor `(batch, ...)`.
        others: Float tensor likewise.
        form: "l1", the mean absolute difference, or "l2", the mean squared
            one, over all values.

    Returns:
        Scalar, at least float32.
    """
    values, others = promote(values, others)
    distance = {"l1": tf.abs, "l2": tf.square}[form]
    return tf.reduce_mean(distance(values - others))


def promote(*tensors):
    """Takes tensors of lower precision to float32; returns a list."""
    return [
        tf.cast(t, tf.float32) if t.dtype.size < 4 else t
        for t in map(tf.convert_to_tensor, tensors)
    ]
