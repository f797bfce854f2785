"""Plants whose networks have the sizes that we train; untrained: only time is asked for.

lstm, gru, tcn      one network each, on fourteen sensors, as of turbofans
mean                the mean of five small ones, on three sensors, as of the filters of ``rul demo``
"""

from rul_platform.core.architectures import Architecture
from rul_platform.core.canonical import canonical_json
from rul_platform.core.parquet import to_parquet
from rul_platform.core.preparation import Preparation
from rul_platform.learning.networks import models
from rul_platform.learning.trained import packaging
from rul_platform.learning.trained.learned import Learned, MeanModel, NetworkModel
from rul_platform.operation.provenance import ensure_signed
from rul_platform.operation.signing import make_first
from rul_platform.storage.home import Home
from rul_platform_tests.core.plants import plant
from rul_platform_tests.fleets import wearing_fleet
from rul_platform_tests.operation.served import calibrated, with_source

CAP = 125.0
KINDS: dict[str, tuple[Architecture, int, int, int]] = {
    "lstm": ("lstm", 14, 64, 1),
    "gru": ("gru", 14, 64, 1),
    "tcn": ("tcn", 14, 64, 1),
    "mean": ("gru", 3, 16, 5),
}
"""Architecture, sensors, hidden size, members."""


def make_plants(home: Home) -> tuple[str, ...]:
    """Deploy a signed version for each; gives their names."""
    make_first(home, now=home.now())
    for name, (architecture, sensors, hidden, members) in KINDS.items():
        _deploy(home, name, architecture, sensors, hidden, members)
    return tuple(KINDS)


def _deploy(
    home: Home, name: str, architecture: Architecture, sensors: int, hidden: int, members: int
) -> None:
    fleet = wearing_fleet({f"u{unit}": 130 + unit for unit in range(8)}, sensors=sensors)
    described = plant(
        sensors="[sensors]\n" + "\n".join(f'{each} = "Sensor {each}"' for each in fleet.sensors),
        label=f"[label]\ncap = {CAP:g}",
    )
    preparation = Preparation.fit(fleet, fleet.sensors, window=30, cap=CAP, life_unit="hours")
    windows = preparation.windows(fleet, "valid")
    config = models.default_config(architecture, len(preparation.channels), hidden_size=hidden)
    networks: list[Learned] = [
        NetworkModel(models.build(config, seed=seed), config, preparation.channels, 30)
        for seed in range(members)
    ]
    model = networks[0] if members == 1 else MeanModel(networks)
    files = packaging.package(
        model,
        preparation,
        windows=windows,
        interval=calibrated(model, windows, cap=CAP),
        facts={},
    )
    source = home.store.write(
        {
            "plant.json": canonical_json(described.model_dump(mode="json")),
            "readings.parquet": to_parquet(fleet.readings),
        }
    )
    card = with_source(files["card.json"], windows=source.sha256)
    made = home.store.write(files | {"card.json": card})
    version = home.registry.register(name, made.sha256, now=home.now())
    ensure_signed(home, version, now=home.now())
    home.registry.deploy(name, version.number, expected_champion=None, evidence={}, now=home.now())
