"""Write the files of this folder. They were written at commit 6bf7cd4, the last one of format 1, and never change:

    PYTHONPATH=<a checkout of 6bf7cd4> python tests/format_1/write.py

Later versions must read them, which ``tests/test_format_1.py`` checks. There is no reason to run this again.
"""

import json
import os
import pickle
import shutil
import signal
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas
import pyro
import torch
from pyro.infer import SVI, Trace_ELBO, TraceEnum_ELBO
from pyro.optim import Adam
from safetensors.torch import save_file
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from set_ups import RUNS, run, table

from pyrodgm import models
from pyrodgm.cli import app
from pyrodgm.estimators import M1, DeepGenerativeClassifier
from pyrodgm.evaluate import bound
from pyrodgm.infer import Optimiser, SemiSupervisedELBO
from pyrodgm.models.pretrained import FORMAT
from pyrodgm.train import loop

FOLDER = Path(__file__).parent
SMALL = {"x_size": 5, "z_size": 2, "hidden": (4,)}
CLASSES = SMALL | {"num_classes": 3}
MODELS = {
    "VAE": (models.VAE, SMALL),
    "VAE-binomial": (models.VAE, SMALL | {"likelihood": ("binomial", {"total_count": 16})}),
    "VAE-categorical": (models.VAE, SMALL | {"likelihood": ("categorical", {"num_levels": 4})}),
    "VAE-linear": (models.VAE, SMALL | {"hidden": (), "posterior": "full"}),
    "M2": (models.M2, CLASSES | {"classifier_hidden": (3,)}),
    "M2-iaf": (models.M2, CLASSES | {"posterior": ("iaf", {"num_steps": 2}), "init": 0.1}),
    "M2-full": (models.M2, CLASSES | {"posterior": "full", "activation": "softplus"}),
    "M2-relaxed": (models.M2, CLASSES | {"classes": ("relaxed", {"temperature": 0.7})}),
    "M2-bfloat16": (models.M2, CLASSES | {"precision": "bfloat16", "hidden": (4, 3)}),
    "M2-double": (models.M2, CLASSES | {"activation": "tanh"}),
    "AdversarialM2": (models.AdversarialM2, CLASSES),
    "M1M2": (models.M1M2, CLASSES | {"z1_size": 3, "hidden": ((4,), (3,))}),
    "M1M2-joint": (models.M1M2, CLASSES | {"z1_size": 3, "joint": True, "batch_norm": True}),
    "AVAE": (models.AVAE, {"x_size": 5, "z_sizes": (3, 2), "a_sizes": (2, 2), "hidden": ((4,), (3,))}),
    "ADGM": (models.ADGM, CLASSES | {"a_size": 2, "a_reads_x": True}),
    "ADGM-deterministic": (models.ADGM, CLASSES | {"a_size": 2, "auxiliary": "deterministic"}),
    "ADGM-uninformed": (models.ADGM, CLASSES | {"a_size": 2, "auxiliary": "uninformed", "activation": "elu"}),
    "SDGM": (models.SDGM, CLASSES | {"a_size": 2, "likelihood": "normal", "batch_norm": True}),
    "SDGM-relaxed": (models.SDGM, CLASSES | {"a_size": 2, "classes": "relaxed"}),
    "CaGeM": (models.CaGeM, CLASSES | {"z1_size": 3, "batch_norm": True, "activation": "leaky_relu"}),
    "CaGeM-no-skip": (models.CaGeM, CLASSES | {"z1_size": 3, "skip": False}),
    "LatentClassifierVAE": (models.LatentClassifierVAE, CLASSES | {"likelihood": ("normal", {"variance": 0.1})}),
    "LatentClassifierVAE-jensen": (models.LatentClassifierVAE, CLASSES | {"bound": "jensen"}),
    "LatentClassifierVAE-simple": (models.LatentClassifierVAE, CLASSES | {"x_reads_y": False}),
    "SplitLatentClassifierVAE": (models.SplitLatentClassifierVAE, CLASSES | {"z_y_size": 3}),
}
ELBO = TraceEnum_ELBO(max_plate_nesting=1, strict_enumeration_warning=False)
RENAMED = {"ema": "average"}
STOP_AT = 13  # in the third of six epochs of five batches
RECIPES = {  # what the command line was given, and the step at which it was interrupted
    "moons-m2": (
        "--epochs 4 --set batch_size=1000 --set model.hidden=[8,8] --set optimiser=RMSprop --set "
        "optimiser.momentum=0.5 --set average=0.9 --set patience=3 --set schedule=step --set schedule.every=1",
        ["--set", "monitor=validation error"],
        25,
    ),
    "moons-adgm": ("--epochs 3 --set batch_size=1000 --set model.hidden=[8] --set baselines=[]", [], 17),
}


def write_models():
    """A folder of ``save_pretrained`` for every model, trained a little, with what it says of some rows."""
    for name, (model_class, options) in MODELS.items():
        pyro.clear_param_store()
        pyro.set_rng_seed(0)
        model = model_class(**options)
        model = model.double() if name == "M2-double" else model
        x = table(7) if model.p_x.scale == 1 else torch.arange(35.0).reshape(7, 5) * 3 % (model.p_x.scale + 1)
        x = x.to(next(model.parameters()))
        train(model, x, None if model.num_classes is None else torch.arange(7) % 3)
        folder = FOLDER / "models" / name
        model.save_pretrained(folder)
        model.eval()
        expected = {"x": x.tolist()}
        if model.num_classes is not None:
            expected["classifier"] = model.classifier(x).tolist()
        torch.manual_seed(0)
        expected["bound"] = bound(model, x)
        torch.manual_seed(0)
        expected["mean"] = model.reconstruct(x).tolist()
        (folder / "expected.json").write_text(json.dumps(expected))


def train(model, x, y):
    if y is None:
        svi, batch = SVI(model.model, model.guide, Adam({"lr": 0.03}), Trace_ELBO()), {"x": x}
    else:
        elbo = SemiSupervisedELBO.of(model, ELBO, alpha=1.0)
        svi = SVI(model.model, model.guide, Adam({"lr": 0.03}), elbo)
        batch = {"labelled": (x, y), "unlabelled": x}
    for _ in range(5):
        svi.step(**batch)


def write_estimators():
    """Pickles of fitted estimators, with what they say of some rows."""
    y = np.array(["a", "b", "c", None] * 10, dtype=object)
    real = (table().numpy() + 0.01 * np.arange(200).reshape(40, 5) % 0.7).astype(float)
    frame = pandas.DataFrame(real, columns=[*"pqrst"])
    bits = table().numpy()
    counts = (np.arange(200).reshape(40, 5) * 7 % 17).astype(float)
    usual = {"z_size": 2, "hidden": (4,), "epochs": 3, "batch_size": 20, "random_state": 0}
    full = ("m2", {"posterior": "full", "batch_norm": True})
    partial = DeepGenerativeClassifier("m2", **usual)
    partial.partial_fit(real, y, classes=["a", "b", "c"])
    fitted = {
        "sdgm": (DeepGenerativeClassifier("sdgm", a_size=2, **usual).fit(frame, y), real),
        "m2-options": (DeepGenerativeClassifier(full, **usual).fit(bits, y), bits),
        "class": (DeepGenerativeClassifier(models.ADGM, a_size=2, **usual).fit(counts, y), counts),
        "partial": (partial, real),
        "clusters": (DeepGenerativeClassifier("cagem", num_classes=2, **usual).fit(bits), bits),
        "m1": (M1(**usual).fit(real), real),
        "m1-samples": (M1(features="samples", likelihood="normal", **usual).fit(counts), counts),
    }
    folder = FOLDER / "estimators"
    folder.mkdir(exist_ok=True)
    for name, (estimator, rows) in fitted.items():
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(estimator, protocol=4))
        named = hasattr(estimator, "feature_names_in_")
        x = pandas.DataFrame(rows[:9], columns=estimator.feature_names_in_) if named else rows[:9]
        expected = {"X": np.asarray(x).tolist(), "columns": list(x.columns) if named else None}
        expected |= {"score_samples": estimator.score_samples(x).tolist(), "transform": estimator.transform(x).tolist()}
        if hasattr(estimator, "predict_proba"):
            expected["predict_proba"] = estimator.predict_proba(x).tolist()
            expected["sample"] = estimator.sample(3)[0].tolist()
        if name == "partial":
            more = pickle.loads(pickle.dumps(estimator)).partial_fit(real, y)
            expected["predict_proba after another partial_fit"] = more.predict_proba(x).tolist()
        (folder / f"{name}.json").write_text(json.dumps(expected))


def write_runs():
    """Folders of ``fit`` that were interrupted, with the parameters of a run that was not."""
    for name in RUNS:
        folder = FOLDER / "fits" / name
        end, history = run(name, Optimiser, renamed=RENAMED)
        try:
            run(name, Optimiser, folder, STOP_AT, RENAMED)
        except KeyboardInterrupt:
            save_file(end, folder / "end.safetensors")
            (folder / "end.json").write_text(json.dumps([row["loss"] for row in history]))


def write_recipes():
    """Folders of ``pyrodgm train`` that were interrupted, with what a run that was not leaves."""
    for name, (options, more, stop_at) in RECIPES.items():
        folder = FOLDER / "recipes" / name
        alone = FOLDER / "alone"
        command = ["train", name, *options.split(), *more]
        folder.mkdir(parents=True)
        (folder / "command.json").write_text(json.dumps(command))
        call([*command, "--runs", str(alone)], 0)
        stop_at_step(stop_at)
        call([*command, "--runs", str(folder / "interrupted")], 130)
        loop._Run._step = STEP
        (finished,) = alone.glob(f"{name}*")
        shutil.copy(finished / "seed-0" / "model" / "model.safetensors", folder / "end.safetensors")
        if name == "moons-adgm":  # a finished run too, and its record
            shutil.copytree(finished, folder / "finished" / finished.name)
            again = ["reproduce", *command[1:], "--seeds", "1", "--runs", str(alone)]
            call([*again, "--folder", str(folder / "results")], 0)
        shutil.rmtree(alone)


STEP = loop._Run._step


def stop_at_step(step):
    def stopping(self, batch):
        STEP(self, batch)
        if self.steps == step:
            os.kill(os.getpid(), signal.SIGINT)

    loop._Run._step = stopping


def call(command, code):
    result = CliRunner().invoke(app, command)
    assert result.exit_code == code, result.output


if __name__ == "__main__":
    assert FORMAT == 1, f"got a package of format {FORMAT}, want commit 6bf7cd4"
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for folder in ("models", "estimators", "fits", "recipes"):
        shutil.rmtree(FOLDER / folder, ignore_errors=True)
    write_models()
    write_estimators()
    write_runs()
    write_recipes()
