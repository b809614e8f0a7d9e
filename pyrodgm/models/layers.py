"""Sizes of models with several layers of latents."""


def check_layer_sizes(argument, sizes, num_layers=None):
    """Raise ``ValueError`` unless ``sizes`` has a positive int for each layer."""
    wanted = "a positive int a layer" if num_layers is None else f"{num_layers} positive ints"
    whole = isinstance(sizes, (tuple, list)) and all(isinstance(size, int) and size > 0 for size in sizes)
    if not whole or not sizes or num_layers not in (None, len(sizes)):
        raise ValueError(f"{argument}: got {sizes!r}, want {wanted}")


def hidden_by_layer(hidden, num_layers):
    """The hidden sizes of each layer's networks, bottom first.

    Args:
        hidden: sizes for all layers, ``(512, 512)``; or a tuple for each, ``((512, 512), (256, 256))``.

    Raises:
        ValueError: if there are tuples for another number of layers.
    """
    if all(isinstance(size, int) for size in hidden):
        return (hidden,) * num_layers
    if len(hidden) != num_layers or any(isinstance(sizes, int) for sizes in hidden):
        raise ValueError(f"hidden: got {hidden!r}, want ints, or a tuple of ints for each of {num_layers} layers")
    return hidden
