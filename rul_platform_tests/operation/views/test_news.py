"""What may have changed at a plant."""

from rul_platform.operation import triggering
from rul_platform.operation.views.news import news_of
from rul_platform.storage.home import Home
from rul_platform_tests.operation.served import NOW, PRESS, serve


def test_each_asset_of_the_open_retrain_is_news(home: Home):
    serve(home)
    assert (news_of(home, PRESS, NOW).retrain, news_of(home, PRESS, NOW).steps) == (None, 0)
    asked = triggering.force(home, PRESS, actor="system", reason="test", now=NOW)
    assert (news_of(home, PRESS, NOW).retrain, news_of(home, PRESS, NOW).steps) == ("requested", 0)
    home.retrains.start(asked.id, attempt=1, run_id="r1", now=NOW)
    home.lineage.record(
        asset="plant_feedback", partition=PRESS, sha256="1" * 64, run_id="r1", code_version="1",
        parameters={}, environment={}, inputs=(), now=NOW,
    )  # fmt: skip
    assert (news_of(home, PRESS, NOW).retrain, news_of(home, PRESS, NOW).steps) == ("running", 1)
    before = news_of(home, PRESS, NOW).entries
    home.retrains.close(asked.id, "rejected", now=NOW)
    assert news_of(home, PRESS, NOW).entries > before
    assert (news_of(home, PRESS, NOW).retrain, news_of(home, PRESS, NOW).steps) == (None, 0)
