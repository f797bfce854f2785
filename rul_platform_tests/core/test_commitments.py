import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rul_platform.core.commitments import commitment, merkle_root

RFC_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
RFC_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the first n leaves; from the tests of Certificate Transparency, the log that RFC 6962 describes."""


@pytest.mark.parametrize("leaves", range(1, 9))
def test_the_trees_of_certificate_transparency(leaves):
    assert merkle_root(RFC_LEAVES[:leaves]) == RFC_ROOTS[leaves - 1]


def test_no_leaf_has_the_hash_of_nothing():
    assert merkle_root([]) == hashlib.sha256(b"").hexdigest()


@given(st.lists(st.binary(min_size=32, max_size=32).map(bytes.hex), max_size=9), st.randoms())
def test_the_order_does_not_count_and_everything_else_does(leaves, random):
    shuffled = list(leaves)
    random.shuffle(shuffled)

    assert merkle_root(shuffled) == merkle_root(leaves)
    assert merkle_root([*leaves, "ff" * 32]) != merkle_root(leaves)


def test_the_same_leaf_twice_is_not_the_same_leaf_once():
    assert merkle_root(["aa", "aa"]) != merkle_root(["aa"])


def test_what_is_no_hex_is_refused():
    with pytest.raises(ValueError, match="hexadecimal"):
        merkle_root(["no hex"])


def test_a_commitment_binds_to_every_field_and_to_the_salt():
    found = commitment("salt", {"rating": "positive", "unit": "u"})

    assert found == commitment("salt", {"unit": "u", "rating": "positive"})
    assert found != commitment("salt", {"rating": "negative", "unit": "u"})
    assert found != commitment("other", {"rating": "positive", "unit": "u"})


def test_the_byte_layout_is_as_documented():
    fields = [b"rul_platform/commitment/1", b"salt", b'{"a":1}']
    layout = b"".join(len(field).to_bytes(8, "big") + field for field in fields)

    assert commitment("salt", {"a": 1}) == hashlib.sha256(layout).hexdigest()
