"""The time of drawing images pixel by pixel, with kept activations and with one network pass per pixel.

Writes benchmarks/pixel_cnn.md. Run it with ``OMP_NUM_THREADS=1 python -m benchmarks.pixel_cnn``. With ``--quick``, it
makes two rounds and writes nothing.
"""

import torch

from benchmarks.measure import interleaved, milliseconds, ratios, spread, table, write_page
from benchmarks.steps import machine
from pyrodgm.nn import PixelCNN

SHAPE = (28, 28)
CASES = [(64, 32), (64, 0), (32, 32)]  # maps of the network, and those of the decoder that it reads
PASSES = 7  # timed passes, of the 784 of an image, which all take the same time
KEPT, NAIVE = "kept activations", "one pass per pixel"


def arrangements(num_maps, of_decoder, images):
    """Functions that draw the images with kept activations, and their first pixels with one pass per pixel."""
    torch.manual_seed(0)
    net = PixelCNN(SHAPE, maps=(of_decoder,) if of_decoder else (), num_maps=num_maps)
    h = [torch.randn(images, of_decoder, *SHAPE)] if of_decoder else []
    noise, x = torch.rand(images, net.size), torch.zeros(images, net.size)

    @torch.no_grad()
    def naive():
        for i in range(PASSES):
            x[:, i] = (noise[:, i] < net.pixels(x, *h).probs[:, i]).to(x)

    return {KEPT: lambda: net.draw(noise, *h), NAIVE: naive}


def report(rounds):
    """The page."""
    lines = [
        f"""# Drawing images pixel by pixel

This benchmark measures the time of drawing images from a PixelCNN in two ways: with the activations of earlier
pixels kept, or with one pass through the network per pixel. With the same noise, both give the same images, see
tests/nn/test_pixel_cnn.py.

The images are 28 x 28. The PixelCNN has a 7x7 layer, four blocks and three 1x1 layers. It may also read maps of a
decoder. A pass then computes their contribution anew for every pixel. With 0 maps of the decoder, there is none.

Written by `OMP_NUM_THREADS=1 python -m benchmarks.pixel_cnn`. Both ways run in turn, in {rounds} rounds after one for
warming up. The table gives median (quartiles); ratios are taken round by round. A pass takes the same time at every
pixel. Therefore, only {PASSES} of the 784 passes are timed, and their time is multiplied.

{machine()}
""",
    ]
    rows = []
    for num_maps, of_decoder in CASES:
        for images in (1, 16):
            times = interleaved(arrangements(num_maps, of_decoder, images), rounds, warm=1)
            times[NAIVE] = [SHAPE[0] * SHAPE[1] / PASSES * t for t in times[NAIVE]]
            over = spread(ratios(times, NAIVE, KEPT), 1)
            rows.append([num_maps, of_decoder, images, *(milliseconds(times[name]) for name in (KEPT, NAIVE)), over])
    header = ["network's maps", "decoder's maps", "images", f"{KEPT}, ms", f"{NAIVE}, ms", "ratio of passes to kept"]
    return "\n".join([*lines, table(header, rows), ""])


if __name__ == "__main__":
    write_page(report, 5, __doc__, __file__)
