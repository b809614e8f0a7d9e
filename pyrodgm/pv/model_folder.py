"""A monitor in a folder: safetensors and JSON, nothing that is executed when it is read.

model/                the networks
scores.safetensors    the scores that thresholds come from
monitor.json          everything else, and the identity of the two
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from pyrodgm.estimators.classifier import DeepGenerativeClassifier
from pyrodgm.estimators.columns import Columns
from pyrodgm.files import make_folder, write
from pyrodgm.models import SDGM
from pyrodgm.pv.expected import KingModel, ModuleModel
from pyrodgm.pv.logger_map import Column, LoggerMap
from pyrodgm.pv.readings import Readings
from pyrodgm.pv.thresholds import Thresholds

FORMAT = 1
SAVED = {"scores": "score of string ", "normality": "normality of string ", "faults": "score of state "}
SETTINGS = {"z_size": 8, "a_size": 8, "hidden": (50, 50), "batch_size": 200, "likelihood": "normal"}
SETTINGS["validation_fraction"] = 0  # rows of the days that are trained on say nothing of other days


def save_parts(
    folder: str | Path,
    classifier: DeepGenerativeClassifier,
    readings: Readings,
    thresholds: Thresholds,
    logger_map: LoggerMap,
) -> None:
    """Write the parts of a monitor to a folder."""
    folder, fitted = make_folder(folder, "model"), classifier.columns_
    about = {
        "format": FORMAT,
        "identity": identity(classifier, thresholds),
        "columns": readings.columns,
        "states": classifier.classes_.tolist(),
        "shift": fitted.shift.tolist(),
        "scale": fitted.scale.tolist(),
        "healthy": {name: model._asdict() for name, model in readings.healthy.items()},
        "map": logger_map._asdict(),
    }
    classifier.model_.save_pretrained(folder / "model", "Part of a monitor of photovoltaic strings.")
    write(folder / "scores.safetensors", safetensors.numpy.save(_named(thresholds)))
    write(folder / "monitor.json", (json.dumps(about, indent=2) + "\n").encode())


def load_parts(folder: str | Path) -> dict[str, Any]:
    """The parts that ``save_parts`` wrote, by their names.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged, mixed of two, or written by a newer package.
    """
    folder = Path(folder)
    if not (folder / "monitor.json").is_file():
        raise FileNotFoundError(f"model: got {folder}, want a folder that pyrodgm pv train wrote")
    try:
        about = json.loads((folder / "monitor.json").read_text(encoding="utf-8"))
        if about["format"] > FORMAT:
            raise ValueError(f"format {about['format']} of a newer pyrodgm, want at most {FORMAT}")
        classifier = _classifier(SDGM.from_pretrained(folder / "model"), about)
        named = safetensors.numpy.load((folder / "scores.safetensors").read_bytes())
        scores = {
            field: {name.removeprefix(kind): one for name, one in named.items() if name.startswith(kind)}
            for field, kind in SAVED.items()
        }
        thresholds = Thresholds(classifier.classes_, **scores)
        readings = Readings(about["columns"], {name: _healthy(model) for name, model in about["healthy"].items()})
        own_map = about["map"] | {"columns": {name: Column(*c) for name, c in about["map"]["columns"].items()}}
        if identity(classifier, thresholds) != about["identity"]:
            raise ValueError("files of two models")
        return {
            "classifier": classifier,
            "readings": readings,
            "thresholds": thresholds,
            "logger_map": LoggerMap(**own_map),
        }
    except (ValueError, KeyError, TypeError, OSError, SafetensorError) as error:
        raise ValueError(f"model: got {folder}, which cannot be read ({error}), want a whole model") from error


def identity(classifier: DeepGenerativeClassifier, thresholds: Thresholds) -> str:
    """A name for weights and scores, in hexadecimal digits."""
    digest = hashlib.sha256()
    for tensor in classifier.model_.state_dict().values():
        digest.update(tensor.cpu().numpy().tobytes())
    for name, scores in _named(thresholds).items():
        digest.update(name.encode() + scores.tobytes())
    return digest.hexdigest()[:16]


def _named(thresholds):
    """Scores by the names that they are saved by."""
    kinds = [(kind, getattr(thresholds, field)) for field, kind in SAVED.items()]
    return dict(sorted((kind + name, one) for kind, scores in kinds for name, one in scores.items()))


def _healthy(fields):
    if "module" in fields:
        return ModuleModel(**fields)
    return KingModel(*(tuple(value) if isinstance(value, list) else value for value in fields.values()))


def _classifier(model, about):
    """An estimator as ``fit`` leaves it, of a saved model."""
    classifier = DeepGenerativeClassifier("sdgm", **SETTINGS)
    classifier.model_, classifier.classes_ = model, np.array(about["states"], object)
    classifier.columns_ = Columns("normal", np.array(about["shift"]), np.array(about["scale"]))
    classifier.n_features_in_ = len(about["shift"])
    return classifier
