"""FAME, the feature map VAE. Maaløe and Winther 2018, in Maaløe 2018, app. E.

    p(x, z) = p(x | z_1) p(z_L) prod_{i=1}^{L-1} p(z_i | z_{i+1})           eqs 1-2
    p(x | z_1) = prod_j p(x_j | x_<j, z_1)                                  sec. 2.2, a PixelCNN
    q(z | x) = q(z_L | x) prod_{i=1}^{L-1} q(z_i | z_{i+1}, x)              eqs 7-9, a ladder, see LadderVAE

    h_i = CNN(h_{i-1}),  h_0 = x                                            sec. 2.2
    mu, sigma = Linear(DENSE(h)), Softplus(Linear(DENSE(h)))

    log p(x) >= E_q(z|x)[log p(x, z) - log q(z | x)]                        as LadderVAE's

The sizes of the layers are chosen here, because only the caption of the paper's table 1 is printed. Upward, each of the
first layers halves height and width by a convolution; the layers above are dense. Downward, a latent is expanded to the
feature maps of its layer, and a transposed convolution doubles height and width. The paper's options are
``batch_norm=True`` and ``scale_head="softplus_sigma"``; its sec. 2.2 prints sigma without the Linear. The PixelCNN has
no batch normalisation, because the statistics would leak later pixels to earlier ones. Without concatenation,
p(x | z_1) has the same layers without x and without masks, and all pixels are computed in one pass.

Deviation: heads give log sigma^2 by default.
"""

import math
from collections.abc import Sequence
from typing import Any

import pyro
import torch
from torch.nn import ModuleList

from pyrodgm.checks import check_size
from pyrodgm.models.ladder import LadderPosterior, prior_for_the_guide
from pyrodgm.models.layers import LayeredModel
from pyrodgm.models.networks import Networks, check_layer_sizes, hidden_by_layer, refuse_mask
from pyrodgm.nn import NormalNet, Trunk, likelihood_net
from pyrodgm.nn.cells import CellsNet
from pyrodgm.nn.convolution import check_image_shape, halved, maps_of, rows_of
from pyrodgm.nn.feature_maps import DownwardTrunk, PixelDecoder, PixelTrunk, Strided
from pyrodgm.nn.likelihoods import per_channel
from pyrodgm.nn.residual import check_maps
from pyrodgm.types import Option


class FAME(LayeredModel):
    """Ladder VAE of images with feature maps between its layers, and a decoder that draws pixel by pixel.

    Args:
        image_shape: ``(H, W)``, or ``(H, W, C)`` with the C channels of a pixel side by side. Each row of x has
            H W C values.
        z_sizes: number of units of z1, ..., zL.
        hidden: sizes of the dense layers between feature maps and latents, the same in every layer; or a tuple per
            layer.
        maps: numbers of feature maps of the first layers, each of which halves height and width; the layers above are
            dense.
        concatenation: whether each pixel depends on the pixels before it; if not, p(x | z1) has the same layers
            without x.
        pixel_maps: number of feature maps of every layer of the PixelCNN.
        likelihood: see ``likelihood_net``; with concatenation it must be ``"bernoulli"``, for x of zeros and ones.
        posterior: see ``LadderVAE``.
        options: options of every network, see ``Networks``. In the PixelCNN, only ``precision`` has an effect: its
            layers have ReLU, the default initial weights, and no normalisation.

    Raises:
        ValueError: if ``image_shape`` is not an image shape or is too small for that many strides; if there are more
            ``maps`` than layers; for a likelihood other than Bernoulli with concatenation.

    Example::

        m = FAME((28, 28), batch_norm=True, scale_head="softplus_sigma")
        with warm_up(beta):
            SVI(m.model, m.guide, Adam({"lr": 3e-4}), Trace_ELBO()).step(x)     # x (B, 784), zeros and ones
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        z_sizes: Sequence[int] = (64, 32, 16, 8, 4),
        hidden: Sequence[int] | Sequence[Sequence[int]] = ((256,), (256,), (128,), (64,), (32,)),
        maps: Sequence[int] = (32, 64, 64),
        concatenation: bool = True,
        pixel_maps: int = 64,
        likelihood: Option = "bernoulli",
        posterior: Option = "normal",
        **options: Any,
    ) -> None:
        decoder: dict[str, Any] = {"concatenation": concatenation, "pixel_maps": pixel_maps, "likelihood": likelihood}
        x_size, nets = networks_of_maps(image_shape, z_sizes, hidden, maps, **decoder, **options)
        super().__init__(x_size, z_sizes, nets)
        self.image_shape = tuple(image_shape)
        self.h = FeatureMaps(nets, image_shape, maps)
        self.q_z = ModuleList(
            LadderPosterior(net, (h,), size=z, posterior=posterior)
            for net, h, z in zip(nets, self.h.sizes, z_sizes, strict=True)
        )

    def guide(self, x: torch.Tensor, y: torch.Tensor | None = None, size: int = 1) -> None:
        with self.batch(x, y, size):
            h, z = self.h(self.scaled(x)), None
            for i in reversed(range(len(h))):
                prior = None if z is None else prior_for_the_guide(self.p_z[i], z)
                z = pyro.sample(f"z{i + 1}", self.q_z[i](h[i], prior=prior))  # (B, z_i)


def networks_of_maps(
    image_shape: Sequence[int],
    z_sizes: Sequence[int],
    hidden: Sequence[int] | Sequence[Sequence[int]],
    maps: Sequence[int],
    concatenation: bool,
    pixel_maps: int,
    likelihood: Option,
    **options: Any,
) -> tuple[int, list[Networks]]:
    """The number of values of an image, and the ``Networks`` of every layer, bottom first. Arguments as for ``FAME``.

    Raises:
        ValueError: see ``FAME``.
    """
    check_layer_sizes("z_sizes", z_sizes)
    check_maps(maps)
    check_size("pixel_maps", pixel_maps)
    if len(maps) > len(z_sizes):
        raise ValueError(f"maps: got {maps!r}, want at most one for each of {len(z_sizes)} layers")
    if concatenation and likelihood != "bernoulli":
        raise ValueError(f"likelihood: got {likelihood!r} with concatenation, want 'bernoulli'")
    *shape, channels = check_image_shape(image_shape, len(maps))
    x_size = math.prod(shape) * channels
    nets: list[Networks] = []
    for i, sizes in enumerate(hidden_by_layer(hidden, len(z_sizes))):
        if i < len(maps):
            places = halved(shape)
            down = {"top": (maps[i], *places), "shape": shape, "size": maps[max(i - 1, 0)]}
            nets.append(MapNetworks(x_size, sizes, down, channels, concatenation, pixel_maps, likelihood, **options))
            shape = places
        else:
            nets.append(Networks(x_size, None, sizes, **options))
    return x_size, nets


class MapNetworks(Networks):
    """The networks of a layer with feature maps. Downward networks expand the latent of the layer to these maps.

    Args:
        x_size, hidden, likelihood, options: as for ``Networks``.
        down: ``top``, ``shape`` and ``size`` of ``MapsOfVector``.
        channels: number of channels of the image.
        concatenation, pixel_maps: as for ``FAME``.
    """

    def __init__(
        self,
        x_size: int,
        hidden: Sequence[int],
        down: dict[str, Any],
        channels: int,
        concatenation: bool,
        pixel_maps: int,
        likelihood: Option,
        **options: Any,
    ) -> None:
        super().__init__(x_size, None, hidden, likelihood=per_channel(likelihood, channels), **options)
        self.down, self.channels = down, channels
        self.concatenation, self.pixel_maps = concatenation, pixel_maps
        self._heads = {"scale_head": self._normal["scale_head"]}

    def likelihood(self, *parents: int) -> CellsNet | PixelDecoder:
        """The network of p(x | z), for the z of the first layer."""
        (z,) = parents
        refuse_mask(self.missing)
        if self.concatenation and self.missing is not None:
            raise ValueError(f"missing: got {self.missing!r} with concatenation, want None: a pixel reads earlier ones")
        top, shape, size = self.down["top"], self.down["shape"], self.down["size"]
        if self.concatenation:
            return PixelDecoder(z, top, (*shape, self.channels), size, self.pixel_maps, **self.network)
        trunk = PixelTrunk(z, top, shape, size, self.pixel_maps, **self.network)
        return likelihood_net(self._likelihood, trunk, None, self.x_size, missing=self.missing, **self._heads)

    def normal(self, *parents: int, size: int) -> NormalNet:
        """A diagonal normal of ``size`` units given the layer's latent."""
        (z,) = parents
        trunk = DownwardTrunk(z, hidden=self.hidden, **self.down, **self.network)
        return NormalNet(trunk, None, size, **self._heads)


class FeatureMaps(torch.nn.Module):
    """The upward pass: h_i = CNN(h_{i-1}), h_0 = x, and the dense features of every layer.

    Args:
        nets: the ``Networks`` of every layer, bottom first.
        image_shape, maps: as for ``FAME``.

    Shapes:
        x ``(B, D)``; a list of features of layers 1 to L, each ``(B, sizes[i])``.

    Attributes:
        sizes: sizes of the features.
    """

    def __init__(self, nets: Sequence[Networks], image_shape: Sequence[int], maps: Sequence[int]) -> None:
        super().__init__()
        *shape, below = self.image_shape = check_image_shape(image_shape)
        self.strided, self.dense, self.sizes = ModuleList(), ModuleList(), []
        for i, net in enumerate(nets):
            if i < len(maps):
                self.strided.append(Strided(below, maps[i], **net.network))
                shape, below = halved(shape), maps[i]
                read = below * math.prod(shape)
            trunk = Trunk((read,), net.hidden, **net.network)
            self.dense.append(trunk)
            (read,) = trunk.sizes
            self.sizes.append(read)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        maps = maps_of(x, self.image_shape)
        features: list[torch.Tensor] = []
        for i, dense in enumerate(self.dense):
            if i < len(self.strided):
                maps = self.strided[i](maps)
            features.extend(dense(rows_of(maps) if i < len(self.strided) else features[-1]))
        return features
