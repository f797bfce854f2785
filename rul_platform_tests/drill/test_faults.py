"""The plan of a drill."""

from rul_platform.drill.faults import Fault, fingerprint, plan
from rul_platform.drill.scenarios import ALL


def faults(seed: int, *, names: tuple[str, ...] = (), is_quick: bool = True) -> list[Fault]:
    chosen = [each for each in ALL if not names or each.name in names]
    return [fault for _, some in plan(chosen, seed, is_quick=is_quick) for fault in some]


def test_the_same_seed_makes_the_same_plan():
    assert faults(7) == faults(7)
    assert fingerprint(faults(7)) == fingerprint(faults(7))
    assert fingerprint(faults(7)) != fingerprint(faults(8))


def test_a_scenario_alone_has_the_faults_that_it_has_among_others():
    one = ALL[0].name
    assert faults(7, names=(one,)) == [fault for fault in faults(7) if fault.scenario == one]


def test_a_quick_drill_is_the_beginning_of_a_whole_one():
    whole = {fault.scenario: [] for fault in faults(7)}
    for fault in faults(7, is_quick=False):
        whole.setdefault(fault.scenario, []).append(fault)
    for scenario, some in whole.items():
        quick = [fault for fault in faults(7) if fault.scenario == scenario]
        assert some[: len(quick)] == quick


def test_scenarios_have_names_of_their_own():
    assert len({each.name for each in ALL}) == len(ALL)


def test_a_place_lies_between_its_bounds():
    assert Fault("a", "b", 0.25, 0).between(2, 6) == 3
