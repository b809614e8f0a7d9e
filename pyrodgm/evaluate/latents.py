"""The latents that a guide infers."""

from pyro import poutine

from pyrodgm.evaluate.mode import evaluating


def latents(model, x, y=None):
    """One draw of every latent from the guide.

    Args:
        model: a ``DeepGenerativeModel``.
        x: rows ``(B, D)``.
        y: labels, or None to draw them too.

    Returns:
        A dict from site to value: ``{"a": (B, a), "y": (B, K), "z": (B, z)}`` as far as the guide has them.

    Example::

        latents(m, data.test.x)["z"]
    """
    with evaluating(model):
        trace = poutine.trace(model.guide).get_trace(x, y)
    return {name: trace.nodes[name]["value"] for name in trace.stochastic_nodes if name != "batch"}
