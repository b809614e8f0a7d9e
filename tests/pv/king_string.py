"""A string by King's model: a quick table with a state for each day."""

import numpy as np
import pandas

from pyrodgm.pv import KingModel

TRUE = KingModel((7.2, -0.05, 0.004, 0.001), (270.0, 60.0, -40.0, -1.2), (0.0, 0.0), 1.0)
FAULTS = {"N": (1, 1), "IV": (1, 0.8), "PS": (0.55, 1), "D": (0.8, 0.92)}  # shares of current and voltage


def string(plan, seed=0, minutes=5):
    """Rows of a string by King's model, a state for each day, ten hours of light and fourteen of night."""
    random, parts = np.random.default_rng(seed), []
    for day, state in enumerate(plan):
        hour = np.arange(0, 24, minutes / 60)
        poa = 1000 * np.sin(np.pi * (hour - 7) / 10).clip(0) * random.uniform(0.4, 1, len(hour))
        warm = 10 + 0.02 * poa
        point, (i, v) = TRUE.at(poa, warm), FAULTS[state]
        noise = 1 + 0.01 * random.standard_normal((2, len(hour)))
        time = pandas.Timestamp("2022-03-01", tz="UTC") + pandas.to_timedelta(day + hour / 24, "D").round("s")
        columns = {"i_dc": i * point.current * noise[0], "v_dc": v * point.voltage * noise[1], "poa_global": poa}
        parts.append(pandas.DataFrame({"time": time, **columns, "temp_module": warm, "state": state}))
    table = pandas.concat(parts, ignore_index=True)
    table.loc[table["poa_global"] == 0, ["i_dc", "v_dc"]] = 0.0
    return table


def written(folder, table, name="log.csv"):
    table.to_csv(folder / name, index=False)
    return folder / name
