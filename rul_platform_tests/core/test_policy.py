from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.policy import Policy, configure
from rul_platform.core.policy_rules import RULES
from rul_platform.errors import ConfigError


def configured(*, plant="press", file=None, environ=None, flags=None):
    return configure(plant, file=file, environ=environ or {}, flags=flags or {})


def problems(**sources):
    with pytest.raises(ConfigError) as refusal:
        configured(**sources)
    return refusal.value.problems


def test_with_nothing_said_the_defaults_are_in_force():
    found = configured()

    assert found.policy == Policy()
    assert set(found.sources.values()) == {"default"}


def test_the_procedures_numbers_are_the_defaults():
    policy = Policy()

    assert (policy.days_back, policy.min_feedback, policy.min_negative) == (30, 100, 20)
    assert (policy.min_positive_rate, policy.min_improvement) == (0.70, 0.02)
    assert policy.retention_days == 180


def test_every_setting_has_a_rule_that_allows_its_default():
    assert list(RULES) == [field.name for field in fields(Policy)]
    for setting, value in asdict(Policy()).items():
        assert RULES[setting].read(value) == value


def test_flags_win_over_the_environment_over_the_plants_part_over_the_file():
    file = {
        "days_back": 1,
        "min_feedback": 1,
        "min_negative": 1,
        "min_units": 2,
        "plants": {"press": {"min_feedback": 2, "min_negative": 2, "min_units": 3}},
    }
    environ = {"RETRAIN_MIN_NEGATIVE": "3", "RETRAIN_MIN_UNITS": "4"}

    found = configured(file=file, environ=environ, flags={"min_units": 5, "epochs": None})

    policy = found.policy
    assert (policy.days_back, policy.min_feedback, policy.min_negative) == (1, 2, 3)
    assert policy.min_units == 5
    assert [found.sources[s] for s in ("days_back", "min_feedback", "min_negative")] == [
        "file",
        "file",
        "environment",
    ]
    assert found.sources["min_units"] == "command line"
    assert found.sources["epochs"] == "default"


def test_another_plants_part_does_not_count():
    file = {"plants": {"pump": {"days_back": 7}}}

    assert configured(plant="press", file=file).policy.days_back == 30
    assert configured(plant="pump", file=file).policy.days_back == 7


def test_another_plants_part_is_checked_all_the_same():
    found = problems(plant="press", file={"plants": {"pump": {"days_back": 0}}})

    assert found == ("file: plants.pump.days_back is 0, but must be a whole number from 1 to 3650",)


def test_all_problems_are_listed_at_once():
    with pytest.raises(ConfigError) as refusal:
        configured(
            file={"min_feedbak": 5},
            environ={"RETRAIN_MIN_NEGATIV": "5", "RETRAIN_CONFIDENCE": "95%"},
            flags={"epochs": 0},
        )

    assert str(refusal.value) == (
        "Retraining settings have 4 problems; nothing was started."
        "\n  - file: min_feedbak is not a setting; did you mean 'min_feedback'?"
        "\n  - environment: RETRAIN_MIN_NEGATIV is not a setting; did you mean "
        "'RETRAIN_MIN_NEGATIVE'?"
        "\n  - environment: RETRAIN_CONFIDENCE is '95%', but must be a number from 0.5 to 0.9999, "
        "or 0 (the rate as it is)"
        "\n  - command line: --epochs is 0, but must be a whole number from 1 to 100000, or unset"
    )


def test_one_problem_is_counted_as_one():
    with pytest.raises(ConfigError, match=r"have 1 problem; nothing was started\.\n"):
        configured(file={"gate": "strict"})


def test_a_name_that_is_close_to_none_gets_no_suggestion():
    assert problems(environ={"RETRAIN_ZZZZ": "1"}) == (
        "environment: RETRAIN_ZZZZ is not a setting",
    )


def test_the_environments_names_are_in_upper_case():
    assert problems(environ={"RETRAIN_gate": "threshold"}) == (
        "environment: RETRAIN_gate is not a setting; did you mean 'RETRAIN_GATE'?",
    )


def test_other_variables_and_empty_ones_are_not_looked_at():
    assert configured(environ={"PATH": "/bin", "RETRAIN_EPOCHS": " "}).policy == Policy()


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ([1], "file: the whole is [1], but must be an object with settings"),
        ({"plants": 3}, "file: plants is 3, but must be an object with settings"),
        ({"plants": {"a": 3}}, "file: plants.a is 3, but must be an object with settings"),
        ({"plants": {"a": {"plants": {}}}}, "file: plants.a.plants is not a setting"),
    ],
)
def test_a_file_of_another_shape_is_refused(file, found):
    assert problems(file=file) == (found,)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("min_feedback", True),
        ("min_feedback", 100.0),
        ("min_feedback", "1e2"),
        ("min_feedback", "1_000"),
        ("min_feedback", None),
        ("min_feedback", 10**400),
        ("min_feedback", [100]),
        ("min_positive_rate", False),
        ("min_positive_rate", float("nan")),
        ("min_positive_rate", "nan"),
        ("min_positive_rate", "inf"),
        ("min_positive_rate", "1e999"),
        ("min_positive_rate", "0_1.5"),
        ("min_positive_rate", 1.01),
        ("min_positive_rate", -0.01),
        ("max_error_growth", 10**400),
        ("learning_rate", 0),
        ("confidence", 0.3),
        ("confidence", 1),
        ("guard", 1),
        ("guard", "on"),
        ("guard", None),
        ("gate", "Threshold"),
        ("gate", 1),
    ],
)
def test_a_wrong_type_or_range_is_one_line_with_key_value_and_what_is_allowed(setting, value):
    (problem,) = problems(file={setting: value})

    assert problem.startswith(f"file: {setting} is {repr(value)[:20]}")
    allowed = RULES[setting].allowed.replace("or unset", "or null")
    assert problem.endswith(f", but must be {allowed}")


@pytest.mark.parametrize(
    ("setting", "text", "value"),
    [
        ("guard", "no", False),
        ("guard", "0", False),
        ("guard", "FALSE", False),
        ("shadow", "yes", True),
        ("shadow", "1", True),
        ("shadow", "true", True),
        ("days_back", " 7 ", 7),
        ("confidence", "0", 0.0),
        ("learning_rate", "1e-3", 0.001),
        ("gate", "threshold", "threshold"),
        ("log_level", "debug", "DEBUG"),
    ],
)
def test_text_is_read_alike_from_the_environment_and_the_command_line(setting, text, value):
    environment = configured(environ={f"RETRAIN_{setting.upper()}": text}).policy
    command_line = configured(flags={setting: text}).policy

    assert getattr(environment, setting) == value
    assert command_line == environment


def test_each_source_is_told_how_it_leaves_the_training_to_the_recipe():
    (environment,) = problems(environ={"RETRAIN_EPOCHS": "null"})
    (file,) = problems(file={"plants": {"press": {"epochs": "null"}}})

    assert environment.endswith(
        "RETRAIN_EPOCHS is 'null', but must be a whole number from 1 to 100000, or unset"
    )
    assert file.endswith(", or null")


def test_null_leaves_the_training_to_the_recipe():
    file = {"epochs": 3, "plants": {"press": {"epochs": None}}}

    assert configured(plant="press", file=file).policy.epochs is None
    assert configured(plant="pump", file=file).policy.epochs == 3


def test_the_same_settings_have_the_same_hash_however_they_were_written():
    written = [
        configured(),
        configured(file={"cooldown_hours": 24, "max_drift": 1}),
        configured(environ={"RETRAIN_COOLDOWN_HOURS": "24"}),
        configured(flags={"ab_share": -0.0}),
    ]

    assert len({one.sha256 for one in written}) == 1
    assert configured(flags={"days_back": 31}).sha256 != written[0].sha256


def test_a_share_for_a_challenger_that_there_is_not_is_refused():
    (problem,) = problems(flags={"ab_share": 0.1})

    assert problem.startswith("ab_share is 0.1, but shadow is off")
    assert configured(flags={"ab_share": 0.1, "shadow": True}).policy.ab_share == 0.1


@given(
    setting=st.sampled_from(list(RULES)),
    value=st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
)
def test_whatever_is_written_it_is_refused_or_has_the_default_s_type(setting, value):
    try:
        found = configured(file={"shadow": True, setting: value})
    except ConfigError as error:
        if len(error.problems) != 1:
            raise
        return
    expected = type(getattr(Policy(epochs=1, learning_rate=0.1), setting))
    assert isinstance(getattr(found.policy, setting), expected | None)
