"""What `rul status` lists."""

from rul_platform.cli.status import ASSETS
from rul_platform.orchestration import code_location


def test_the_status_names_every_asset_in_the_order_of_the_graph():
    assert list(ASSETS) == [asset.key.to_user_string() for asset in code_location.ASSETS]
