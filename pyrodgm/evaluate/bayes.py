"""Classification by the generative model."""

import torch

from pyrodgm.evaluate.bound import row_bounds


def bayes_classifier(model, x, num_samples=1, batch_size=1000, progress=False):
    """Class probabilities by Bayes' rule: p(y | x) = p(x, y) / sum_y' p(x, y'), each p(x, y) as its bound has it.

    log p(x, y) >= E_q(z|x,y)[log p(x, y, z) - log q(z | x, y)]    (Kingma 2017, eq. 3.7)

    What the generative model knows of y, beside what q(y | x) has learnt; the noise differs from class to class.

    Args:
        model: a model with ``num_classes``, whose ``model`` and ``guide`` take labels.
        x: rows ``(B, D)``.
        num_samples: Monte Carlo samples of the latents a row and class.
        batch_size: rows a call.
        progress: show a bar a class.

    Returns:
        ``(B, K)``.

    Example::

        classification_error(m, data.test.x, data.test.y, classifier=bayes_classifier, num_samples=10)
    """
    labels = torch.arange(model.num_classes, device=x.device)[:, None].expand(-1, len(x))
    joint = [row_bounds(model, x, y, num_samples, batch_size, progress) for y in labels]
    return torch.stack(joint, -1).softmax(-1)
