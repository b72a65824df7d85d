"""Losses of a discriminator with a logit for each class.

Of K classes it gives K logits `l`. A further class, that of the decoder's
pairs, has the logit 0 always, as in Salimans et al. (2016): K + 1 logits
would be one more than the probabilities fix. The *score* of a pair is
`logsumexp(l)`, the log-odds of "of some class" against "the decoder's". It
stands where the single logit of other discriminators stands.
"""

from ali_keras.lazy import tensorflow as tf
from ali_keras.objectives.losses import promote


def num_classes(discriminator):
    """Returns the classes of a discriminator; 0 if it has a single logit.

    Args:
        discriminator: `keras.Model`. A function in its place has a single
            logit.
    """
    outputs = getattr(discriminator, "outputs", None)
    width = outputs[0].shape[-1] if outputs else 1
    return width if width > 1 else 0


def score(logits):
    """Computes the score of each pair.

    Args:
        logits: Float tensor `(batch, 1)` or `(batch, num_classes)`.

    Returns:
        Tensor `(batch,)`: the single logit, or the `logsumexp` of all.
    """
    if logits.shape[-1] == 1:
        return logits[:, 0]
    [logits] = promote(logits)
    return tf.reduce_logsumexp(logits, axis=-1)


def classification_losses(logits, labels):
    """Cross-entropy of each image's class, given that it has one.

    `-l_y + logsumexp(l)`.

    Args:
        logits: Float tensor `(batch, num_classes)`.
        labels: int32 tensor `(batch,)`, in [0, num_classes).

    Returns:
        Tensor `(batch,)`, at least float32; `log(num_classes)` where all
        logits of an image are equal.
    """
    [logits] = promote(logits)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def classification_errors(logits, labels):
    """Tells which images get another class than theirs.

    Arguments as `classification_losses`.

    Returns:
        float32 tensor `(batch,)` of 0 and 1.
    """
    found = tf.argmax(logits, axis=-1, output_type=labels.dtype)
    return tf.cast(found != labels, tf.float32)
