"""Every setting is checked before anything is done, and a refusal shows no secret."""

from pathlib import Path

import pytest

from rul_platform.errors import SettingsError
from rul_platform.settings import NASA_ARCHIVE, MailServer, Pool, Settings


def test_without_any_setting_everything_has_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)

    assert Settings.read({}) == Settings(
        home=tmp_path / ".rul",
        database_url=None,
        cmapss=None,
        cmapss_url=NASA_ARCHIVE,
        filters=None,
    )
    assert not (tmp_path / ".rul").exists()


def test_what_is_given_is_taken(tmp_path: Path):
    (tmp_path / "data").mkdir()

    read = Settings.read(
        {
            "RUL_HOME": str(tmp_path / "new" / "home"),
            "RUL_DATABASE_URL": "postgresql://u:secret@host/rul",
            "RUL_CMAPSS": str(tmp_path / "data"),
            "RUL_CMAPSS_URL": "",
            "RUL_FILTERS": str(tmp_path / "data"),
        }
    )

    assert read == Settings(
        home=tmp_path / "new" / "home",
        database_url="postgresql://u:secret@host/rul",
        cmapss=tmp_path / "data",
        cmapss_url="",
        filters=tmp_path / "data",
    )


def refusal(**environ: str) -> str:
    """What is said about a wrong setting."""
    with pytest.raises(SettingsError) as refused:
        Settings.read(environ)
    return str(refused.value)


def test_a_home_that_is_a_file_or_below_one_is_refused(tmp_path: Path):
    file = tmp_path / "file"
    file.touch()

    assert refusal(RUL_HOME=str(file)) == (
        f"RUL_HOME is '{file}', but must be a folder, or a place for a new one."
    )
    assert refusal(RUL_HOME=str(file / "deeper" / "home")) == (
        f"RUL_HOME is '{file}/deeper/home', but must be a folder, or a place for a new one; {file} is "
        "none."
    )


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path):
    circle = tmp_path / "circle"
    circle.symlink_to(circle)

    assert "RUL_HOME is '~nobody-is-called-so/x', but must be" in refusal(
        RUL_HOME="~nobody-is-called-so/x"
    )
    assert "Symlink loop" in refusal(RUL_CMAPSS=str(circle))
    assert refusal(RUL_FILTERS="/nowhere.zip") == (
        "RUL_FILTERS is '/nowhere.zip', but must be a zip or a folder that exists."
    )


@pytest.mark.parametrize(
    ("url", "found"), [("mysql://u:secret@h/d", "mysql:…"), ("secret", "no URL")]
)
def test_another_database_is_refused_without_its_password(url: str, found: str):
    assert refusal(RUL_DATABASE_URL=url) == (
        f"RUL_DATABASE_URL is '{found}', but must be a sqlite:/// or postgresql:// URL."
    )


def test_a_folder_for_keys_may_be_new(tmp_path: Path):
    file = tmp_path / "file"
    file.touch()

    assert Settings.read({"RUL_KEYS": str(tmp_path / "keys")}).keys == tmp_path / "keys"
    assert Settings.read({"RUL_KEYS": ""}).keys is None
    assert refusal(RUL_KEYS=str(file)) == (
        f"RUL_KEYS is '{file}', but must be a folder, or a place for a new one."
    )


def test_the_key_that_signs_is_a_file_or_none(tmp_path: Path):
    (tmp_path / "file").touch()

    apart = Settings.read({"RUL_SIGNING_KEY": str(tmp_path / "new" / "our.key")})
    assert (apart.signing_key, apart.is_signer) == (tmp_path / "new" / "our.key", True)
    given = Settings.read({"RUL_SIGNING_KEY": ""})
    assert (given.signing_key, given.is_signer) == (None, True)
    given = Settings.read({"RUL_SIGNING_KEY": "none"})
    assert (given.signing_key, given.is_signer) == (None, False)
    expected = (
        "but must be the whole path of a key's file, outside of the home folder and of RUL_KEYS, "
        "or 'none'; empty for signing.key among the other keys"
    )
    home, keys = str(tmp_path / "home"), str(tmp_path / "keys")
    for other in ("NONE", " none", "false", "signing.key", "https://x/y"):
        assert refusal(RUL_SIGNING_KEY=other) == f"RUL_SIGNING_KEY is {other!r}, {expected}."
    for inside in (str(tmp_path), home, f"{home}/own/our.key", f"{keys}/our.key"):
        said = refusal(RUL_SIGNING_KEY=inside, RUL_HOME=home, RUL_KEYS=keys)
        assert said == f"RUL_SIGNING_KEY is {inside!r}, {expected}."
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "keys").symlink_to(keys)
    assert expected in refusal(RUL_SIGNING_KEY=f"{keys}/signing.key", RUL_HOME=home)
    said = refusal(RUL_SIGNING_KEY=str(tmp_path / "file" / "our.key"))
    assert said.endswith(f"/file/our.key', {expected} ({tmp_path / 'file'} is no folder).")


@pytest.mark.parametrize(("url", "signs"), [("", True), ("postgresql://rul_api@h/rul", False)])
def test_a_service_on_postgresql_leaves_signing_to_the_code_server(url: str, signs: bool):
    assert Settings.read({"RUL_DATABASE_URL": url}).for_service().is_signer is signs


CHANNELS = {
    "RUL_ALERT_WEBHOOK": "http://127.0.0.1:8080/secret",
    "RUL_ALERT_WEBHOOK_SECRET": f"whsec_{'c2VjcmV0' * 4}  whsec_{'c2Vj' * 8}",
    "RUL_ALERT_SLACK": "https://hooks.slack.com/services/secret",
    "RUL_ALERT_TEAMS": "https://prod.logic.azure.com/workflows/1?sig=secret",
    "RUL_ALERT_SMTP": (
        "smtp://rul%40plant:se%2Fcret@mail.example/?from=rul@plant.example&to=a+b@x.example,c@x.example"
    ),
    "RUL_ALERT_APPRISE": "ntfy://secret  json://localhost/secret",
}


def test_every_channel_for_alerts_is_taken():
    read = Settings.read(CHANNELS)

    assert read.alert_webhook == CHANNELS["RUL_ALERT_WEBHOOK"]
    assert read.alert_webhook_secrets == (b"secret" * 4, b"sec" * 8)
    assert read.alert_slack == CHANNELS["RUL_ALERT_SLACK"]
    assert read.alert_teams == CHANNELS["RUL_ALERT_TEAMS"]
    assert read.alert_smtp == MailServer(
        host="mail.example",
        port=587,
        is_encrypted=False,
        user="rul@plant",
        password="se/cret",  # noqa: S106
        sender="rul@plant.example",
        recipients=("a+b@x.example", "c@x.example"),
    )
    assert read.alert_apprise == ("ntfy://secret", "json://localhost/secret")


def test_mail_may_be_encrypted_from_the_beginning_and_need_no_account():
    read = Settings.read({"RUL_ALERT_SMTP": "smtps://mail.example?from=a@x.example&to=b@x.example"})

    assert read.alert_smtp is not None
    assert (read.alert_smtp.port, read.alert_smtp.is_encrypted) == (465, True)
    assert (read.alert_smtp.user, read.alert_smtp.password) == (None, None)


def test_no_secret_is_shown():
    read = Settings.read(CHANNELS | {"RUL_DATABASE_URL": "postgresql://u:secret@host/rul"})

    assert "secret" not in repr(read)
    assert "cret" not in repr(read.alert_smtp)


@pytest.mark.parametrize("key", ["RUL_ALERT_WEBHOOK", "RUL_ALERT_SLACK", "RUL_ALERT_TEAMS"])
@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("http://hooks.example/secret", "http://…"),
        ("file:///secret", "no URL"),
        ("secret", "no URL"),
        ("https://x.example/se cret", "no URL"),
        ("https://x.example:secret/", "no URL"),
        ("ftp://x.example/secret", "ftp://…"),
    ],
)
def test_an_address_that_is_not_encrypted_is_refused_without_showing_it(
    key: str, url: str, found: str
):
    assert refusal(**{key: url}) == (
        f"{key} is '{found}', but must be an https:// URL (http:// is for this machine alone)."
    )


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("secret", "without smtp:// or smtps:// in front, without a host"),
        ("smtp://u:secret@h?to=b@x", "without one from="),
        ("smtp://u:secret@h?from=a@x", "without a to="),
        ("smtp://u:secret@h?from=a@x&to=secret", "with an address that is none"),
        ("smtp://secret@h?from=a@x&to=b@x", "with only one of user and password"),
        ("smtp://u:secret@h:99999/?from=a@x&to=b@x", "no URL"),
    ],
)
def test_a_mail_server_that_lacks_something_is_refused_without_its_password(url: str, found: str):
    said = refusal(RUL_ALERT_SMTP=url)

    assert said.startswith(f"RUL_ALERT_SMTP is '{found}")
    assert said.endswith(
        "must be smtp[s]://user:password@host:port/?from=ADDRESS&to=ADDRESS,ADDRESS."
    )
    assert "secret" not in said


@pytest.mark.parametrize(
    ("secret", "found"),
    [
        ("c2VjcmV0" * 4, "without whsec_ in front"),
        ("whsec_c2Vjcm??", "no base64"),
        ("whsec_c2VjcmV0", "6 bytes"),
        (f"whsec_{'c2VjcmV0' * 4} whsec_{'c2VjcmV0' * 11}", "66 bytes"),
    ],
)
def test_a_secret_of_a_webhook_that_is_none_is_refused_without_showing_it(secret: str, found: str):
    said = refusal(RUL_ALERT_WEBHOOK="https://x.example", RUL_ALERT_WEBHOOK_SECRET=secret)

    assert said.startswith(f"RUL_ALERT_WEBHOOK_SECRET is '{found}'")
    assert "c2Vj" not in said


def test_a_secret_without_a_webhook_signs_nothing():
    said = refusal(RUL_ALERT_WEBHOOK_SECRET=f"whsec_{'c2VjcmV0' * 4}")

    assert "must be left out, or RUL_ALERT_WEBHOOK the address" in said


def test_an_mlflow_server_and_the_names_there_are_taken(tmp_path: Path):
    (tmp_path / "uri").write_text("https://rul:secret@mlflow.example\n")
    environ = {"RUL_MLFLOW_URI_FILE": str(tmp_path / "uri"), "RUL_MLFLOW_PREFIX": "north."}

    read = Settings.read(environ)

    assert read.mlflow_uri == "https://rul:secret@mlflow.example"
    assert "secret" not in repr(read)
    assert (read.mlflow_prefix, Settings.read({}).mlflow_prefix) == ("north.", "rul_")


@pytest.mark.parametrize("prefix", ["a/b", "a:b", "n" * 65, "é"])
def test_a_prefix_that_names_nothing_there_is_refused(prefix: str):
    assert refusal(RUL_MLFLOW_PREFIX=prefix).endswith("digits, dots, hyphens or underscores.")


def test_an_mlflow_server_without_a_scheme_is_refused():
    said = refusal(RUL_MLFLOW_URI="databricks")

    assert said == (
        "RUL_MLFLOW_URI is 'no URL', but must be the http:// or https:// URL of an MLflow server."
    )


def test_dagster_s_own_folder_is_taken_as_dagster_takes_it(tmp_path: Path):
    assert Settings.read({"DAGSTER_HOME": str(tmp_path)}).dagster_home == tmp_path
    assert Settings.read({"DAGSTER_HOME": ""}).dagster_home is None


def test_a_secret_may_come_from_a_file(tmp_path: Path):
    (tmp_path / "password").write_text("p@ss/w:rd\n")
    (tmp_path / "hook").write_text("https://alerts.example.org/secret")

    read = Settings.read(
        {
            "RUL_DATABASE_URL": "postgresql://rul_api@database:5432/rul?sslmode=require",
            "RUL_DATABASE_PASSWORD_FILE": str(tmp_path / "password"),
            "RUL_ALERT_WEBHOOK_FILE": str(tmp_path / "hook"),
        }
    )

    expected = "postgresql://rul_api:p%40ss%2Fw%3Ard@database:5432/rul?sslmode=require"
    assert read.database_url == expected
    assert read.alert_webhook == "https://alerts.example.org/secret"


def test_a_password_goes_with_a_server_s_socket_as_well():
    read = Settings.read(
        {"RUL_DATABASE_URL": "postgresql://u@/rul?host=/run", "RUL_DATABASE_PASSWORD": "x"}
    )

    assert read.database_url == "postgresql://u:x@/rul?host=/run"


@pytest.mark.parametrize("url", ["", "sqlite:////rul.db", "postgresql://u:secret@host/rul"])
def test_a_password_is_given_once_and_to_a_server(url: str):
    given = {"RUL_DATABASE_URL": url, "RUL_DATABASE_PASSWORD": "hidden"}

    text = refusal(**given)

    assert text.startswith("RUL_DATABASE_PASSWORD is '…', but must be left out, or")
    assert "hidden" not in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("content", "trouble"),
    [(None, "No such file"), (b"\n", "empty"), (b" \n", "empty"), (b"\xff", "no text")],
)
@pytest.mark.parametrize("key", ["RUL_DATABASE_PASSWORD", "RUL_ALERT_WEBHOOK_SECRET"])
def test_a_secret_s_file_must_hold_it(
    tmp_path: Path, key: str, content: bytes | None, trouble: str
):
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    others = {"RUL_DATABASE_URL": "postgresql://u@h/rul", "RUL_ALERT_WEBHOOK": "https://x.example"}

    text = refusal(**others, **{f"{key}_FILE": str(file)})

    assert text.startswith(f"{key}_FILE is '{file}', but must be a text file")
    assert trouble in text


@pytest.mark.parametrize("content", ["", "\n", " \n"])
def test_a_channel_whose_file_is_empty_is_none_and_what_signs_it_waits(
    tmp_path: Path, content: str
):
    (tmp_path / "empty").write_text(content)
    (tmp_path / "key").write_text(f"whsec_{'c2VjcmV0' * 4}\n")
    environ = {f"{key}_FILE": str(tmp_path / "empty") for key in CHANNELS}
    environ["RUL_ALERT_WEBHOOK_SECRET_FILE"] = str(tmp_path / "key")

    read = Settings.read(environ)

    assert (read.alert_webhook, read.alert_slack, read.alert_teams) == (None, None, None)
    assert (read.alert_smtp, read.alert_apprise) == (None, ())


def test_a_secret_is_given_in_one_way(tmp_path: Path):
    text = refusal(RUL_ALERT_SLACK="https://a.example", RUL_ALERT_SLACK_FILE=str(tmp_path))

    assert "left out, since RUL_ALERT_SLACK is given" in text


def test_steps_go_to_a_cluster_where_two_settings_say_so():
    read = Settings.read(
        {
            "RUL_EXECUTOR": "ray",
            "RUL_RAY_ADDRESS": "http://head:8265",
            "RUL_TRAINING_CPUS": "2",
            "RUL_TRAINING_GPUS": "0.5",
        }
    )

    assert (read.executor, read.ray_address) == ("ray", "http://head:8265")
    assert (read.training_cpus, read.training_gpus) == (2.0, 0.5)
    usual = Settings.read({"RUL_EXECUTOR": "", "RUL_TRAINING_CPUS": ""})
    assert (usual.executor, usual.ray_address) == ("multiprocess", None)
    assert (usual.training_cpus, usual.training_gpus) == (None, 0.0)


def test_another_executor_is_refused_with_those_there_are():
    assert refusal(RUL_EXECUTOR="kubernetes") == (
        "RUL_EXECUTOR is 'kubernetes', but must be one of in_process, multiprocess, ray."
    )


@pytest.mark.parametrize(
    ("url", "found", "wanted_for"),
    [
        ("", "", ", with RUL_EXECUTOR=ray"),
        ("head:6379", "no URL", ""),
        ("ray://head:10001", "ray://…", ""),
        ("http://u:secret@head:8265", "http://…", ""),
    ],
)
def test_a_cluster_is_named_by_its_job_server(url: str, found: str, wanted_for: str):
    assert refusal(RUL_EXECUTOR="ray", RUL_RAY_ADDRESS=url) == (
        f"RUL_RAY_ADDRESS is '{found}', but must be the URL of the cluster's job server, as "
        f"http://head:8265{wanted_for}."
    )


@pytest.mark.parametrize("value", ["-1", "many", "inf", "nan"])
def test_amounts_are_numbers(value: str):
    assert refusal(RUL_TRAINING_GPUS=value) == (
        f"RUL_TRAINING_GPUS is '{value}', but must be a number, 0 or more."
    )
    assert "must be a number above 0" in refusal(RUL_TRAINING_CPUS=value)
    assert "must be a number above 0" in refusal(RUL_TRAINING_CPUS="0")


def test_connections_to_the_database_are_limited():
    assert Settings.read({}).pool == Pool(size=5, overflow=5, wait_seconds=10, recycle_seconds=1800)
    names = ("SIZE", "OVERFLOW", "WAIT", "RECYCLE")
    given = {f"RUL_DATABASE_POOL_{name}": str(number) for number, name in enumerate(names, 2)}
    read = Settings.read(given).pool
    assert read == Pool(size=2, overflow=3, wait_seconds=4, recycle_seconds=5)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SIZE", "0", "a whole number, 1 or more"),
        ("OVERFLOW", "-1", "a whole number, 0 or more"),
        ("WAIT", "0.5", "a whole number of seconds, 1 or more"),
        ("RECYCLE", "²", "a whole number of seconds, 1 or more"),
    ],
)
def test_a_limit_that_is_none_is_refused(name: str, value: str, expected: str):
    key = f"RUL_DATABASE_POOL_{name}"
    assert refusal(**{key: value}) == f"{key} is {value!r}, but must be {expected}."


def test_artifacts_may_lie_in_a_bucket():
    read = Settings.read(
        {
            "RUL_STORE": "s3://plant-artifacts/rul/prod/",
            "RUL_STORE_ENDPOINT": "http://minio:9000",
            "RUL_STORE_CACHE_MB": "500",
        }
    )

    assert read.store == "s3://plant-artifacts/rul/prod"
    assert (read.store_endpoint, read.store_cache_mb) == ("http://minio:9000", 500)
    assert Settings.read({"RUL_STORE": ""}).store is None
    assert Settings.read({"RUL_STORE": "s3://plant-artifacts"}).store == "s3://plant-artifacts"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("gs://bucket/x", "gs://…"),
        ("abfs://box@account/x", "abfs://…"),
        ("/srv/store", "no URL"),
        ("s3:bucket", "s3://…"),
        ("s3://key:secret@bucket/x", "s3://…"),
        ("s3://Bucket", "s3://…"),
        ("s3://bucket/a?versionId=secret", "s3://…"),
        ("s3://bucket/../a", "s3://…"),
        ("s3://bucket/a//b", "s3://…"),
        ("s3://bucket/a b", "s3://…"),
    ],
)
def test_another_place_for_artifacts_is_refused_without_a_secret(url: str, found: str):
    said = refusal(RUL_STORE=url)

    assert said.startswith(f"RUL_STORE is '{found}', but must be s3://bucket/prefix, without cred")
    assert "secret" not in said


def test_a_cache_or_a_server_that_is_none_is_refused():
    assert refusal(RUL_STORE_CACHE_MB="5") == (
        "RUL_STORE_CACHE_MB is '5', but must be a whole number of MiB, 100 or more."
    )
    assert refusal(RUL_STORE_ENDPOINT="minio:9000") == (
        "RUL_STORE_ENDPOINT is 'no URL', but must be the http:// or https:// URL of a server that "
        "speaks S3."
    )
