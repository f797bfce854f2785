import json
import tomllib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rul_platform.core.plant import Plant, parse_plant
from rul_platform.core.plant_sections import FailureTable, FileSource, LastRow, SqlSource, Threshold
from rul_platform.core.splits import SplitPolicy
from rul_platform.errors import PlantFileError

SECTIONS = {
    "title": 'title = "Pumps of line 2"',
    "source": '[source]\nfiles = "pumps/*.csv"',
    "columns": '[columns]\nunit = "pump"\nlife = "cycle"\nlife_unit = "cycles"',
    "sensors": '[sensors]\nflow = "Flow (l/min)"\npressure = "p"',
    "failure": '[failure]\nkind = "last_row"',
}
"""The least that a plant file needs."""


def text(**changes: str) -> str:
    """A plant file with some sections replaced, added, or left out where the change is empty."""
    return "\n".join((SECTIONS | changes).values())


def problems(**changes: str) -> tuple[str, ...]:
    """What is found wrong with a plant file."""
    with pytest.raises(PlantFileError) as caught:
        parse_plant(text(**changes), "pumps")
    return caught.value.problems


def only_problem(**changes: str) -> str:
    """The one thing that is wrong."""
    (problem,) = problems(**changes)
    return problem


def test_the_least_plant_file_gives_a_plant_with_the_documented_defaults():
    plant = parse_plant(text(), "pumps")

    assert plant.name == "pumps"
    assert plant.title == "Pumps of line 2"
    assert plant.source == FileSource(files="pumps/*.csv")
    assert plant.sensors == {"flow": "Flow (l/min)", "pressure": "p"}
    assert plant.resample is None
    assert plant.failure == LastRow(kind="last_row")
    assert plant.label.cap == 125.0
    assert (plant.split.valid, plant.split.test) == (0.2, 0.3)
    assert (plant.maintenance.cost_ratio, plant.maintenance.lead) == (10.0, 0.0)
    assert plant.transfer.held_out == ()


def test_every_section_can_be_given():
    plant = parse_plant(
        text(
            source='[source]\nquery = "SELECT * FROM r"\nurl_env = "PUMPS_URL"',
            columns='[columns]\nunit = "u"\nlife = "h"\nlife_unit = "hours"\ncondition = "duty"',
            failure='[failure]\nkind = "table"\nquery = "SELECT u, h FROM f"\nunit = "u"\nlife = "h"',
            resample="[resample]\nstep = 2",
            label="[label]\ncap = 300",
            split='[split]\nvalid = 0.1\ntest = ["B/*"]',
            maintenance="[maintenance]\ncost_ratio = 4\nlead = 12.5",
            transfer='[transfer]\nheld_out = ["FD003", "SIM"]',
        ),
        "pumps",
    )

    assert isinstance(plant.source, SqlSource)
    assert isinstance(plant.failure, FailureTable)
    assert plant.resample is not None
    assert plant.resample.step == 2.0
    assert plant.columns.condition == "duty"
    assert plant.split.patterns == ("B/*",)
    assert (plant.maintenance.cost_ratio, plant.maintenance.lead) == (4.0, 12.5)
    assert plant.transfer.held_out == ("FD003", "SIM")


def test_a_plant_survives_json_as_it_is_stored():
    changes = {
        "failure": '[failure]\nkind = "threshold"\nexpression = "flow < 3"',
        "split": '[split]\ntest = ["B/*"]',
        "transfer": '[transfer]\nheld_out = ["FD001"]',
    }
    plant = parse_plant(text(**changes), "pumps")

    stored = json.dumps(plant.model_dump(mode="json"))

    assert Plant.model_validate_json(stored) == plant


def test_a_plant_that_was_stored_before_maintenance_was_a_section_is_still_read():
    plant = parse_plant(text(), "pumps")
    stored = plant.model_dump(mode="json", exclude={"maintenance"})

    assert Plant.model_validate_json(json.dumps(stored)) == plant


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "cost_ratio = 0.5",
            "[maintenance] cost_ratio: found 0.5, but must be a number of 1 or more",
        ),
        ("lead = -1", "[maintenance] lead: found -1, but must be a number of 0 or more"),
    ],
)
def test_maintenance_that_makes_no_sense_is_refused(line: str, expected: str):
    assert only_problem(maintenance=f"[maintenance]\n{line}").startswith(expected)


def test_a_split_becomes_the_policy_that_divides_units():
    share = parse_plant(text(split="[split]\nvalid = 0.1\ntest = 0.4"), "pumps").split
    named = parse_plant(text(split='[split]\ntest = ["B/*"]'), "pumps").split

    assert share.policy(seed=3) == SplitPolicy(valid=0.1, test=0.4, seed=3)
    assert named.policy(seed=0) == SplitPolicy(valid=0.2, test=0.0, always_test=("B/*",))


def test_a_threshold_is_over_the_short_names():
    change = '[failure]\nkind = "threshold"\nexpression = "pressure - flow > 20"'

    assert isinstance(parse_plant(text(failure=change), "pumps").failure, Threshold)


def test_every_problem_of_a_file_is_reported_at_once():
    found = problems(
        title="titel = 3",
        source='[source]\nfile = "d"\nfiles = "../d/*.csv"',
        columns='[columns]\nlife = 3\nlife_unit = "days"\nunit = "u"\nunit_from_file = true',
        sensors='[sensors]\nflow = 3\nage = "x"',
        failure='[failure]\nkind = "treshold"',
        split='[split]\nvalid = "x"',
        label="[label]\ncap = nan",
    )

    keys = [problem.split(":")[0] for problem in found]
    assert sorted(keys) == sorted(
        [
            "titel", "title", "[source] file", "[source] files", "[columns] life",
            "[columns] life_unit", "[columns]", "[sensors] flow", "[sensors] age",
            "[failure] kind", "[split] valid", "[label] cap",
        ]
    )  # fmt: skip


def test_the_message_names_the_file_and_counts_the_problems():
    with pytest.raises(PlantFileError) as caught:
        parse_plant(text(title="", failure=""), "pumps")

    assert str(caught.value) == (
        "pumps: 2 problems; nothing was stored.\n"
        '  - title: missing; give a name for people, as "Filters of line 2".\n'
        "  - [failure]: missing; every plant file has this table."
    )


def test_a_long_list_of_problems_is_cut_off_in_the_message_and_counted():
    error = PlantFileError("x", [f"problem {n}" for n in range(33)])

    assert "problem 19\n  … and 13 more" in str(error)
    assert "33 problems" in str(error)
    assert len(error.problems) == 33


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"extra": "[colums]"},
            "colums: unknown key; did you mean 'columns'? Allowed here: title,",
        ),
        ({"title": 'title = " "'}, "title: found ' ', but must be a name for people"),
        ({"source": "source = 3"}, "source: found 3, but must be a table, [source]."),
        ({"source": "[source]"}, "[source]: found neither; give exactly one of files and query."),
        (
            {"source": '[source]\nfiles = "a"\nquery = "SELECT 1"'},
            "[source]: found both; give exactly one of files and query.",
        ),
        (
            {"source": '[source]\nfiles = ""'},
            "[source] files: found '', but must be a pattern for CSV",
        ),
        ({"source": '[source]\nfiles = "a/../../b"'}, "below the plant file's folder (without ..)"),
        (
            {"source": '[source]\nfiles = "a"\ndecimal = ";"'},
            '[source] decimal: found \';\', but must be "." or ",", the decimal mark of CSV files.',
        ),
        (
            {"source": '[source]\nquery = "SELECT 1"'},
            "[source]: found neither; give exactly one of url_env and url.",
        ),
        (
            {"source": '[source]\nquery = "DELETE FROM r"\nurl_env = "U"'},
            "[source] query: found 'DELETE FROM r', but must be a query that begins with SELECT",
        ),
        (
            {"source": '[source]\nfiles = "a"\nurl_env = "U"'},
            "[source] url_env: unknown key. Allowed here: files, decimal.",
        ),
        (
            {"columns": '[columns]\nlife = "cycle"\nlife_unit = "cycles"'},
            "[columns]: found neither; give exactly one of unit and unit_from_file = true.",
        ),
        (
            {"columns": '[columns]\nunit = "u"\nlife_unit = "cycles"'},
            "[columns] life: missing; give the column that says how long the unit has run.",
        ),
        (
            {"columns": '[columns]\nunit = "u"\nlife = "c"\nlife_unit = "cycle"'},
            '[columns] life_unit: found \'cycle\', but must be "cycles", "hours" or "seconds"',
        ),
        (
            {"columns": '[columns]\nunit = "c"\nlife = "c"\nlife_unit = "cycles"'},
            "column 'c' is used by [columns] unit and [columns] life; use it once.",
        ),
        (
            {"sensors": '[sensors]\nflow = "cycle"'},
            "column 'cycle' is used by [columns] life and [sensors] flow; use it once.",
        ),
        ({"sensors": "[sensors]"}, "[sensors]: empty; give at least one, as flow"),
        (
            {"sensors": '[sensors]\n"2nd flow" = "x"'},
            "[sensors] 2nd flow: this short name is not allowed; use letters, digits and _",
        ),
        (
            {"sensors": '[sensors]\nnot = "x"'},
            "no word of Python, and none of unit, life, condition",
        ),
        (
            {"sensors": '[sensors]\nflow = "a"\nflow_dev = "b"'},
            "[sensors] flow_dev: this name is taken by the channel that says how far 'flow' has drifted",
        ),
        (
            {"failure": "[failure]"},
            "[failure] kind: missing; give one of last_row, threshold, table.",
        ),
        (
            {"failure": '[failure]\nkind = "treshold"\nexpresion = "x"'},
            "found 'treshold', but must be one of last_row, threshold, table; did you mean 'threshold'?",
        ),
        (
            {"failure": '[failure]\nkind = "last_row"\nexpression = "flow > 3"'},
            "[failure] expression: unknown key. Allowed here: kind.",
        ),
        (
            {"failure": '[failure]\nkind = "threshold"'},
            "[failure] expression: missing; give a rule over the short sensor names",
        ),
        (
            {"failure": '[failure]\nkind = "threshold"\nexpression = "flw > 3"'},
            "[failure] expression: 'flw > 3', position 1: unknown sensor 'flw'; did you mean 'flow'?",
        ),
        (
            {"failure": '[failure]\nkind = "table"'},
            "[failure]: found neither; give exactly one of files and query.",
        ),
        (
            {"failure": '[failure]\nkind = "table"\nquery = "SELECT 1"'},
            "[failure] query: the readings come from files, so there is no database; use files.",
        ),
        (
            {"resample": "[resample]\nstep = 0"},
            "[resample] step: found 0, but must be a number above 0",
        ),
        (
            {"resample": "[resample]\nstep = true"},
            "[resample] step: found True, but must be a number",
        ),
        (
            {"resample": "[resample]\nstep = 200.0"},
            "[resample] step: found 200, but must be below the label cap 125",
        ),
        ({"label": "[label]\ncap = inf"}, "[label] cap: found inf, but must be a number above 0"),
        ({"label": "[label]"}, "[label] cap: missing; give a number above 0, in the unit of life"),
        (
            {"split": "[split]\ntest = 1.5"},
            "[split] test: found 1.5, but must be a part between 0 and 1",
        ),
        (
            {"split": "[split]\ntest = []"},
            "[split] test: found [], but must be a part between 0 and 1",
        ),
        (
            {"split": "[split]\nvalid = 0.5\ntest = 0.5"},
            "[split]: valid 0.5 and test 0.5 leave no unit to train on; together they must",
        ),
        (
            {"transfer": '[transfer]\nheld_out = ["FD005"]'},
            "[transfer] held_out: found ['FD005'], but must be C-MAPSS subsets",
        ),
    ],
)
def test_each_mistake_is_answered_with_key_finding_and_what_is_allowed(
    changes: dict[str, str], message: str
):
    assert any(message in problem for problem in problems(**changes))


def test_another_unit_of_life_than_cycles_needs_a_cap():
    change = '[columns]\nunit = "u"\nlife = "h"\nlife_unit = "hours"'

    assert only_problem(columns=change).startswith(
        "[label] cap: missing, and life is in hours; give a number above 0, in the unit of life"
    )


def test_a_query_cannot_name_units_by_file():
    found = problems(
        source='[source]\nquery = "SELECT 1"\nurl = "sqlite:///a.db"',
        columns='[columns]\nunit_from_file = true\nlife = "c"\nlife_unit = "cycles"',
    )

    assert found == ("[columns] unit_from_file: a query has no files; name the column in unit.",)


@pytest.mark.parametrize("key", ["url", "url_env"])
def test_a_password_in_the_file_is_refused_and_never_repeated(key: str):
    secret = "postgresql://me:hunter2@host/db"  # noqa: S105  the point of the test
    problem = only_problem(source=f'[source]\nquery = "SELECT 1"\n{key} = "{secret}"')

    assert f"[source] {key}: found a value that is not shown, but must be" in problem
    assert "hunter2" not in problem


def test_text_that_is_no_toml_is_refused_with_its_line():
    with pytest.raises(PlantFileError, match=r"not valid TOML: .*line 2.*Is a quote or a bracket"):
        parse_plant('title = "x"\nfiles = data/*.csv\n', "pumps")


@pytest.mark.parametrize("name", ["Pumps", "a b", "", "x" * 41, "a.b", "é"])
def test_a_name_that_cannot_be_a_partition_is_refused(name: str):
    with pytest.raises(PlantFileError, match="rename the file to 1 to 40 of a-z, 0-9, _ and -"):
        parse_plant(text(), name)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def as_toml(value: object) -> str:
    """A value as TOML, with tables in line; None becomes an empty string."""
    match value:
        case dict():
            pairs = (f"{json.dumps(k)} = {as_toml(v)}" for k, v in value.items())
            return "{" + ", ".join(pairs) + "}"
        case list():
            return "[" + ", ".join(map(as_toml, value)) + "]"
        case float():
            return {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(str(value), f"{value!r}")
        case None:
            return '""'
        case _:
            return json.dumps(value)


@settings(suppress_health_check=[HealthCheck.too_slow])  # its first draw imports character tables
@given(
    sections=st.dictionaries(
        st.sampled_from(["title", "source", "columns", "sensors", "failure", "label", "split"]),
        st.one_of(
            VALUES,
            st.dictionaries(
                st.sampled_from(["files", "query", "kind", "life", "unit", "expression", "test"]),
                VALUES,
                max_size=4,
            ),
        ),
        max_size=7,
    )
)
def test_whatever_toml_says_it_gives_a_plant_or_a_list_of_problems(sections: dict[str, object]):
    toml = "\n".join(f"{key} = {as_toml(value)}" for key, value in sections.items())
    try:
        tomllib.loads(toml)
    except tomllib.TOMLDecodeError:
        return  # our own writer is simpler than TOML
    with pytest.raises(PlantFileError) as caught:
        parse_plant(toml, "pumps")
    assert caught.value.problems


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"columns": '[columns]\nunit = "pump"\nlife = "CHOOSE"\nlife_unit = "cycles"'},
            "[columns] life: still CHOOSE, so nobody has decided; give the column that says how long "
            "the unit has run.",
        ),
        (
            {"sensors": '[sensors]\nflow = " CHOOSE "'},
            "[sensors] flow: still CHOOSE, so nobody has decided; give a column's name.",
        ),
        (
            {"title": 'title = "CHOOSE"'},
            "title: still CHOOSE, so nobody has decided; give a value.",
        ),
        (
            {"split": '[split]\ntest = ["a", "CHOOSE"]'},
            "[split] test: still CHOOSE, so nobody has decided; give a value.",
        ),
        (
            {"failure": '[failure]\nkind = "CHOOSE"'},
            "[failure] kind: found 'CHOOSE', but must be one of last_row, threshold, table.",
        ),
    ],
)
def test_a_value_that_is_still_open_is_refused_once_by_its_key(
    changes: dict[str, str], problem: str
):
    assert only_problem(**changes) == problem


def test_several_open_values_are_no_conflict_and_comments_may_ask():
    open_columns = '[columns]\nunit = "CHOOSE"\nlife = "CHOOSE"\nlife_unit = "cycles"'

    assert len(problems(columns=open_columns)) == 2
    assert parse_plant(text(label="[label]\ncap = 5.0  # CHOOSE"), "pumps").label.cap == 5.0
