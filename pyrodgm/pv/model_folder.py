"""Saves a monitor to a folder as safetensors, Parquet and JSON. Loading executes no code from it.

    monitor.json                      the identity of the monitor, and everything small
    IDENTITY/model/                   the networks
    IDENTITY/scores.safetensors       the scores that thresholds come from
    IDENTITY/rows.parquet             the rows that later training continues from

A new monitor is written beside the old one, and ``monitor.json`` is replaced last. The folder therefore holds a
complete monitor at any time.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
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
from pyrodgm.pv.kept_rows import read_rows, rows_to_bytes
from pyrodgm.pv.logger_map import Column, LoggerMap
from pyrodgm.pv.readings import Readings
from pyrodgm.pv.rows import Rows
from pyrodgm.pv.thresholds import Thresholds

FORMAT = 1
SAVED = {"scores": "score of string ", "normality": "normality of string ", "faults": "score of state "}
BATCH_SIZE = 200


def new_classifier(epochs: int = 200, random_state: int | None = None) -> DeepGenerativeClassifier:
    """An unfitted classifier with the sizes of a monitor.

    All states count alike, so that one which was labelled for a few minutes is learned too.
    """
    return DeepGenerativeClassifier(
        "sdgm",
        z_size=8,
        a_size=8,
        hidden=(50, 50),
        likelihood="normal",
        class_weight="balanced",
        epochs=epochs,
        batch_size=BATCH_SIZE,
        validation_fraction=0,  # rows of the training days say nothing about other days
        random_state=random_state,
    )


def save_parts(
    folder: str | Path,
    classifier: DeepGenerativeClassifier,
    readings: Readings,
    thresholds: Thresholds,
    logger_map: LoggerMap,
    site: tuple[float, float] | None,
    rows: Rows,
) -> None:
    """Write the parts of a monitor to a folder, and remove those of an earlier monitor."""
    folder, fitted, name = make_folder(folder, "model"), classifier.columns_, identity(classifier, thresholds)
    own = make_folder(folder / name, "model")
    about = {
        "format": FORMAT,
        "identity": name,
        "columns": readings.columns,
        "states": classifier.classes_.tolist(),
        "shift": fitted.shift.tolist(),
        "scale": fitted.scale.tolist(),
        "temperature": classifier.temperature_,
        "healthy": {name: model._asdict() for name, model in readings.healthy.items()},
        "map": logger_map._asdict(),
        "site": site,
    }
    classifier.model_.save_pretrained(own / "model", "Part of a monitor of photovoltaic strings.")
    write(own / "scores.safetensors", safetensors.numpy.save(_named(thresholds)))
    write(own / "rows.parquet", rows_to_bytes(rows))
    write(folder / "monitor.json", (json.dumps(about, indent=2) + "\n").encode())
    for other in folder.iterdir():
        if other.name != name and re.fullmatch("[0-9a-f]{16}", other.name) and (other / "model").is_dir():
            shutil.rmtree(other)


def load_parts(folder: str | Path, with_rows: bool) -> dict[str, Any]:
    """The parts that ``save_parts`` wrote, by their names; the rows only if requested.

    Raises:
        FileNotFoundError: if the folder holds no monitor.
        ValueError: if it is damaged, a mixture of two monitors, or written by a newer version of the package.
    """
    folder = Path(folder)
    if not holds_monitor(folder):
        raise FileNotFoundError(f"model: got {folder}, want a folder that pyrodgm pv train wrote")
    try:
        about = json.loads((folder / "monitor.json").read_text(encoding="utf-8"))
        if about["format"] > FORMAT:
            raise ValueError(f"format {about['format']} of a newer pyrodgm, want at most {FORMAT}")
        own = folder / about["identity"]
        classifier = _classifier(SDGM.from_pretrained(own / "model"), about)
        named = safetensors.numpy.load((own / "scores.safetensors").read_bytes())
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
            "site": None if about["site"] is None else tuple(about["site"]),
            "rows": read_rows(own / "rows.parquet") if with_rows else None,
        }
    except (ValueError, KeyError, TypeError, OSError, SafetensorError) as error:
        raise ValueError(f"model: got {folder}, which cannot be read ({error}), want a whole model") from error


def holds_monitor(folder: str | Path) -> bool:
    """Whether a folder holds a monitor."""
    return (Path(folder) / "monitor.json").is_file()


def set_aside(folder: str | Path) -> Path:
    """Rename a folder to the first free number, such as ``roof`` to ``roof.1``, and return the new path."""
    folder, number = Path(folder), 1
    while (aside := folder.with_name(f"{folder.name}.{number}")).exists():
        number += 1
    return folder.rename(aside)


def identity(classifier: DeepGenerativeClassifier, thresholds: Thresholds) -> str:
    """A name for weights and scores, in hexadecimal digits."""
    digest = hashlib.sha256()
    for tensor in classifier.model_.state_dict().values():
        digest.update(tensor.cpu().numpy().tobytes())
    for name, scores in _named(thresholds).items():
        digest.update(name.encode() + scores.tobytes())
    return digest.hexdigest()[:16]


def _named(thresholds):
    """Scores by the names that they are saved under."""
    kinds = [(kind, getattr(thresholds, field)) for field, kind in SAVED.items()]
    return dict(sorted((kind + name, one) for kind, scores in kinds for name, one in scores.items()))


def _healthy(fields):
    if "module" in fields:
        return ModuleModel(**fields)
    return KingModel(*(tuple(value) if isinstance(value, list) else value for value in fields.values()))


def _classifier(model, about):
    """A fitted estimator, rebuilt from a saved model."""
    classifier = new_classifier()
    classifier.model_, classifier.classes_ = model, np.array(about["states"], object)
    classifier.columns_ = Columns("normal", np.array(about["shift"]), np.array(about["scale"]))
    classifier.n_features_in_ = len(about["shift"])
    classifier.temperature_ = float(about.get("temperature", 1.0))  # folders of earlier versions have none
    return classifier
