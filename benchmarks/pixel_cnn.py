"""Drawing images pixel by pixel from kept activations, beside a pass of the network a pixel; writes pixel_cnn.md.

Run with ``OMP_NUM_THREADS=1 python -m benchmarks.pixel_cnn``; ``--quick`` makes two rounds and writes nothing.
"""

import argparse
from pathlib import Path

import torch

from benchmarks.measure import interleaved, milliseconds, ratios, spread, table
from benchmarks.steps import machine
from pyrodgm.nn import PixelCNN

SHAPE = (28, 28)
CASES = [(64, 32), (64, 0), (32, 32)]  # maps of the network, and of the decoder, which it reads
PASSES = 7  # that are timed of the 784 of an image, which are all alike
KEPT, NAIVE = "kept activations", "a pass a pixel"


def arrangements(num_maps, of_decoder, images):
    """Functions that draw the images, or the first pixels of them by passes."""
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
    lines = [
        "# Drawing images pixel by pixel",
        "",
        "`OMP_NUM_THREADS=1 python -m benchmarks.pixel_cnn`: images of 28 x 28 from a PixelCNN of a 7x7 layer, four",
        f"blocks and three layers of 1x1. {rounds} rounds in which both arrangements run in turn, after one that warms",
        f"up; median (quartiles), ratios round by round. A pass costs the same at every pixel: {PASSES} of the 784 are",
        "timed, and their time is multiplied. It computes what the decoder's maps give every time; without such maps",
        "there is nothing of that. Equal noise gives equal images, see tests/nn/test_pixel_cnn.py.",
        "",
        machine(),
        "",
    ]
    rows = []
    for num_maps, of_decoder in CASES:
        for images in (1, 16):
            times = interleaved(arrangements(num_maps, of_decoder, images), rounds, warm=1)
            times[NAIVE] = [SHAPE[0] * SHAPE[1] / PASSES * t for t in times[NAIVE]]
            over = spread(ratios(times, NAIVE, KEPT), 1)
            rows.append([num_maps, of_decoder, images, *(milliseconds(times[name]) for name in (KEPT, NAIVE)), over])
    header = ["maps", "the decoder's", "images", f"{KEPT}, ms", f"{NAIVE}, ms", "ratio"]
    return "\n".join([*lines, table(header, rows), ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds; write nothing")
    quick = parser.parse_args().quick
    text = report(2 if quick else 5)
    print(text)
    if not quick:
        Path(__file__).with_suffix(".md").write_text(text)


if __name__ == "__main__":
    main()
