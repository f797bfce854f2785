"""What happens by itself."""

import dagster as dg

from rul_platform.orchestration.sensors import new_plants
from rul_platform_tests.orchestration.conftest import Works


def tick(works: Works) -> dg.SensorResult:
    context = dg.build_sensor_context(works.instance, resources={"home": works.home})
    result = new_plants(context)
    assert isinstance(result, dg.SensorResult)
    return result


def asked_for(result: dg.SensorResult) -> list[str]:
    return [
        key
        for request in result.dynamic_partitions_requests or []
        for key in request.partition_keys
    ]


def test_a_home_without_plants_asks_for_nothing(empty: Works):
    result = tick(empty)
    assert asked_for(result) == []
    assert result.skip_reason is not None
    assert result.skip_reason.skip_message == "0 plants known, none new"


def test_a_new_plant_file_becomes_a_partition_once(empty: Works):
    empty.home.plants.mkdir(parents=True)
    empty.home.plant_file("line_2").write_text("")
    assert asked_for(tick(empty)) == ["line_2"]
    empty.instance.add_dynamic_partitions("plant", ["line_2"])
    assert asked_for(tick(empty)) == []


def test_a_file_that_cannot_name_a_plant_is_ignored_and_named(empty: Works):
    empty.home.plants.mkdir(parents=True)
    (empty.home.plants / "Line 2.toml").write_text("")
    result = tick(empty)
    assert asked_for(result) == []
    assert result.skip_reason is not None
    assert "cannot name a plant: Line 2" in (result.skip_reason.skip_message or "")
