"""Builds all networks of a model from one set of options."""

import inspect
import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Literal, cast

from pyrodgm.checks import is_size
from pyrodgm.nn import (
    MLP,
    CategoricalNet,
    NormalNet,
    ResidualDecoder,
    ResidualEncoder,
    Trunk,
    likelihood_net,
    posterior_net,
)
from pyrodgm.nn.cells import CellsNet, check_missing
from pyrodgm.nn.convolution import check_image_shape
from pyrodgm.nn.feature_maps import PixelDecoder
from pyrodgm.nn.likelihoods import per_channel
from pyrodgm.types import Option


class Networks:
    """Builds the networks of a model, all with the same hidden layers, likelihood, posterior and options.

    Args:
        x_size: number of features D of a row.
        num_classes: number of classes K, or None.
        hidden: sizes of the hidden layers of every network.
        likelihood: p(x | ...), see ``likelihood_net``.
        posterior: q(z | ...) of every latent, see ``posterior_net``.
        scale_head: how a normal network outputs sigma: ``"log_variance"``, ``"softplus_variance"`` or
            ``"softplus_sigma"``, see ``NormalNet``.
        missing: None, or how networks read a missing cell of x. Such a cell is NaN and is left out of log p(x).
            ``"zeros"`` reads it as 0 (Mattei and Frellsen 2019; Nazabal et al. 2020). ``"mask"`` reads it as 0 together
            with a mask of D units, which is 1 where a cell is missing. The weights of the mask are learned from rows
            with missing cells, and stay random if there are none. So use ``"zeros"`` to train on complete rows.
        network: ``activation``, ``batch_norm``, ``init``, ... of every network, see ``Trunk``.

    Attributes:
        input_size: the size of x as networks read it: D, or 2 D with a mask.

    Raises:
        ValueError: for any other value of ``missing``.

    Example::

        nets = Networks(x_size=784, num_classes=10, hidden=(500,), activation="softplus")
        p_x = nets.likelihood(50, 10)                           # p(x | z, y), z of 50 units
        q_z = nets.posterior(nets.input_size, 10, size=50)      # q(z | x, y)
    """

    def __init__(
        self,
        x_size: int,
        num_classes: int | None,
        hidden: Sequence[int],
        likelihood: Option = "bernoulli",
        posterior: Option = "normal",
        scale_head: str = "log_variance",
        missing: Literal["zeros", "mask"] | None = None,
        **network: Any,
    ) -> None:
        check_missing(missing)
        self.num_classes: int | Any  # None in a model without a y
        self.x_size, self.num_classes, self.hidden, self.missing = x_size, num_classes, hidden, missing
        self.input_size = 2 * x_size if missing == "mask" else x_size
        self._likelihood, self._posterior, self.network = likelihood, posterior, network
        self._normal = network | {"scale_head": scale_head}

    def having(self, hidden: Sequence[int] | None) -> "Networks":
        """A copy with other hidden layers, or with the same ones if ``hidden`` is None."""
        hidden, names = self.hidden if hidden is None else hidden, (self._likelihood, self._posterior)
        return Networks(self.x_size, self.num_classes, hidden, *names, missing=self.missing, **self._normal)

    def likelihood(self, *parents: int) -> CellsNet | PixelDecoder:
        """The network of p(x | parents); the arguments are the sizes of the parents."""
        options = self._normal | {"missing": self.missing}
        return likelihood_net(self._likelihood, parents, hidden=self.hidden, size=self.x_size, **options)

    def posterior(self, *parents: int, size: int) -> NormalNet:
        """The network of q(z | parents), for a z of ``size`` units."""
        return posterior_net(self._posterior, parents, hidden=self.hidden, size=size, **self._normal)

    def normal(self, *parents: int, size: int) -> NormalNet:
        """A diagonal normal of ``size`` units given the parents, as for latents of the generative model."""
        return NormalNet(parents, hidden=self.hidden, size=size, **self._normal)

    def categorical(self, *parents: int) -> CategoricalNet:
        """A distribution over the classes given the parents."""
        return CategoricalNet(parents, hidden=self.hidden, size=self.num_classes, **self.network)

    def mlp(self, *parents: int, size: int) -> MLP:
        """A network that computes ``size`` values from the parents."""
        return MLP(parents, hidden=self.hidden, size=size, **self.network)


class ImageNetworks(Networks):
    """Networks for images: posteriors read x through a residual encoder, and p(x | ...) has a residual decoder.

    Args:
        image_shape: ``(H, W)`` or ``(H, W, C)``.
        num_classes, hidden, options: as for ``Networks``; ``hidden`` are the dense layers between feature maps and
            heads.
        maps: numbers of feature maps, see ``ResidualEncoder``.

    Example::

        nets = ImageNetworks((28, 28), 10, hidden=(450,), maps=(16, 32, 32), activation="elu")
        p_x = nets.likelihood(50, 10)               # p(x | z, y), z of 50 units
        q_z = nets.posterior(10, size=50)           # q(z | x, y)
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        num_classes: int | None,
        hidden: Sequence[int],
        maps: Sequence[int],
        **options: Any,
    ) -> None:
        super().__init__(math.prod(check_image_shape(image_shape)), num_classes, hidden, **options)
        self._likelihood = per_channel(self._likelihood, check_image_shape(image_shape)[-1])
        refuse_mask(self.missing)
        self.image_shape, self.maps = image_shape, maps
        self._heads = {"scale_head": self._normal["scale_head"]}

    def likelihood(self, *parents: int) -> CellsNet:
        trunk = ResidualDecoder(parents, self.image_shape, self.maps, self.hidden, **self.network)
        return likelihood_net(self._likelihood, trunk, None, self.x_size, missing=self.missing, **self._heads)

    def posterior(self, *parents: int, size: int) -> NormalNet:
        """The network of q(z | x, parents), for a z of ``size`` units."""
        trunk = ResidualEncoder(self.image_shape, parents, self.maps, self.hidden, **self.network)
        return posterior_net(self._posterior, trunk, None, size, **self._heads)


def refuse_mask(missing: str | None) -> None:
    """Raise ``ValueError`` if networks that read images are given ``missing="mask"``."""
    if missing == "mask":
        raise ValueError("missing: got 'mask' with networks that read images, want 'zeros' or None")


def signature_of(model_class: type) -> inspect.Signature:
    """The signature of a model's constructor, with the options of ``Networks`` in place of ``**options``."""
    own = list(inspect.signature(model_class.__init__).parameters.values())[1:]  # type: ignore[misc]  # a class
    if not any(p.kind is p.VAR_KEYWORD for p in own):
        return inspect.Signature(own)
    own = [p for p in own if p.kind is not p.VAR_KEYWORD]
    known = {p.name for p in own} | {"self", "x_size", "num_classes", "hidden", "parents"}
    shared = [p for c in (Networks, Trunk) for p in inspect.signature(c.__init__).parameters.values()]
    options = [p.replace(kind=p.KEYWORD_ONLY) for p in shared if p.kind is not p.VAR_KEYWORD and p.name not in known]
    return inspect.Signature([*own, *options])


def check_layer_sizes(argument: str, sizes: Sequence[int], num_layers: int | None = None) -> None:
    """Raise ``ValueError`` unless ``sizes`` has a positive int for each layer."""
    wanted = "one positive int per layer" if num_layers is None else f"{num_layers} positive ints"
    whole = isinstance(sizes, (tuple, list)) and all(map(is_size, sizes))
    if not whole or not sizes or num_layers not in (None, len(sizes)):
        raise ValueError(f"{argument}: got {sizes!r}, want {wanted}")


def hidden_by_layer(hidden: Sequence[int] | Sequence[Sequence[int]], num_layers: int) -> Sequence[Sequence[int]]:
    """The hidden sizes of each layer's networks, bottom first.

    Args:
        hidden: the same sizes for all layers, ``(512, 512)``; or a tuple per layer, ``((512, 512), (256, 256))``.

    Raises:
        ValueError: if the number of tuples is not the number of layers.
    """
    if not isinstance(hidden, Sequence):
        raise ValueError(f"hidden: got {hidden!r}, want a tuple of ints")
    if all(isinstance(size, Integral) for size in hidden):
        return (cast(Sequence[int], hidden),) * num_layers
    if len(hidden) != num_layers or any(isinstance(sizes, Integral) for sizes in hidden):
        raise ValueError(f"hidden: got {hidden!r}, want ints, or a tuple of ints for each of {num_layers} layers")
    return cast(Sequence[Sequence[int]], hidden)
