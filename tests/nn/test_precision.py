"""Detection of fast bfloat16 multiplication, and the warning without it."""

import warnings
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from pyro.infer import Trace_ELBO
from pyro.poutine import trace

from pyrodgm.models import FAME, IAFVAE, ResNetVAE
from pyrodgm.nn import MLP, fast_bfloat16, precision


@pytest.fixture(autouse=True)
def forgotten():
    """What was warned of, and read of this machine, before and after a test counts for nothing."""
    yield
    for function in (precision.cpu_flags, precision._warn_once):
        function.cache_clear()


def processor(monkeypatch, fast):
    monkeypatch.setattr("pyrodgm.nn.precision.fast_bfloat16", lambda device: fast)
    precision._warn_once.cache_clear()


@pytest.mark.parametrize(
    ("cpuinfo", "fast"),
    [
        ("processor : 0\nflags\t\t: fpu avx2 avx512f avx512_bf16\n", True),
        ("flags\t\t: fpu avx2 amx_bf16 amx_tile\n", True),
        ("Features\t: fp asimd bf16 i8mm\n", True),
        ("model name : a processor named bf16\nflags\t\t: fpu avx2 avx512f avx512bw\n", False),
        ("Features\t: fp asimd\n", False),
        (None, False),
    ],
)
def test_a_processor_is_asked_for_its_instructions(monkeypatch, cpuinfo, fast):
    def read_text(path):
        assert path == Path("/proc/cpuinfo")
        if cpuinfo is None:
            raise FileNotFoundError
        return cpuinfo

    precision.cpu_flags.cache_clear()
    monkeypatch.setattr(Path, "read_text", read_text)
    assert fast_bfloat16() is fast and fast_bfloat16(torch.device("cpu")) is fast
    assert not fast_bfloat16("meta")


@pytest.mark.parametrize(("capability", "fast"), [((7, 5), False), ((8, 0), True), ((9, 0), True)])
def test_a_gpu_is_asked_for_its_capability(monkeypatch, capability, fast):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert fast_bfloat16("cuda:0") is fast


def test_set_by_hand_it_warns_once_where_it_is_slow_and_is_done_all_the_same(monkeypatch):
    network, x = MLP((4,), (8, 8), 2, precision="bfloat16"), torch.rand(5, 4)
    quick = network(x)
    processor(monkeypatch, fast=False)
    with pytest.warns(UserWarning, match="precision: got 'bfloat16', for which this cpu device has no hard") as said:
        slow = network(x)
        MLP((4,), (8,), 2, precision="bfloat16")(x)
    assert len(said) == 1 and torch.equal(slow, quick)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLP((4,), (8,), 2)(x)


def test_a_precision_gives_way_only_where_it_is_slow(monkeypatch):
    processor(monkeypatch, fast=False)
    assert [precision.usable_precision(p, "cpu") for p in ("float32", "bfloat16")] == ["float32", "float32"]
    processor(monkeypatch, fast=True)
    assert [precision.usable_precision(p, "cpu") for p in ("float32", "bfloat16")] == ["float32", "bfloat16"]


SMALL = {"z_sizes": (4, 3), "hidden": (7,), "maps": (3,), "pixel_maps": 6}
IAF = {"posterior": ("iaf", {"made_hidden": (5,)})}
OF_IMAGES = {
    "IAFVAE": lambda **options: IAFVAE((6, 5), 4, (7,), (3,), **IAF, **options),
    "ResNetVAE": lambda **options: ResNetVAE((6, 5), 2, 4, 2, **IAF, likelihood="bernoulli", **options),
    "ResNetVAE, bottom up": lambda **options: ResNetVAE(
        (6, 5), 2, 4, 2, inference="bottom_up", likelihood="bernoulli", **options
    ),
    "FAME": lambda **options: FAME((6, 5), **SMALL, batch_norm=True, **options),
    "FAME without concatenation": lambda **options: FAME((6, 5), **SMALL, concatenation=False, **options),
}


@pytest.mark.parametrize("name", OF_IMAGES)
def test_every_product_of_an_image_model_is_in_bfloat16_and_every_density_is_not(name, monkeypatch):
    model, exact = (OF_IMAGES[name](precision=precision) for precision in ("bfloat16", "float32"))
    exact.load_state_dict(model.state_dict())
    x = torch.bernoulli(torch.full((8, 30), 0.5))
    torch.manual_seed(0)
    want = Trace_ELBO().loss(exact.model, exact.guide, x)
    seen = []
    for function in ("conv2d", "conv_transpose2d", "linear"):
        original = getattr(F, function)

        def noted(*args, original=original, **options):
            seen.append([arg.dtype for arg in args[:2]])
            return original(*args, **options)

        monkeypatch.setattr(F, function, noted)
    torch.manual_seed(0)
    loss = Trace_ELBO().loss(model.model, model.guide, x)
    assert seen and all(pair == [torch.bfloat16] * 2 for pair in seen)
    assert loss == pytest.approx(want, rel=0.02) and loss != want
    for pair in (model.guide, model.model):
        sites = trace(pair).get_trace(x)
        sites.compute_log_prob()
        assert {site["log_prob"].dtype for site in sites.nodes.values() if "log_prob" in site} == {torch.float32}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
