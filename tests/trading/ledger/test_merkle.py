"""RFC 6962 trees: vectors of others, and properties of our own."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.ledger import merkle

VECTORS = Path(__file__).parents[2] / "vectors"
INCLUSION = json.loads((VECTORS / "rfc6962" / "inclusion.json").read_text())["cases"]
CONSISTENCY = json.loads((VECTORS / "rfc6962" / "consistency.json").read_text())["cases"]


def b64(text: str) -> bytes:
    return base64.b64decode(text)


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(str(number).encode()) for number in range(count)]


@pytest.mark.parametrize("case", INCLUSION, ids=lambda case: case["file"])
def test_inclusion_proofs_are_accepted_and_refused_as_the_reference_does(case):
    held = merkle.inclusion_holds(
        b64(case["leafHash"]),
        case["leafIdx"],
        case["treeSize"],
        [b64(node) for node in case["proof"] or []],
        b64(case["root"]),
    )
    assert held is not case["wantErr"]


@pytest.mark.parametrize("case", CONSISTENCY, ids=lambda case: case["file"])
def test_consistency_proofs_are_accepted_and_refused_as_the_reference_does(case):
    held = merkle.consistency_holds(
        case["size1"],
        case["size2"],
        b64(case["root1"]),
        b64(case["root2"]),
        [b64(node) for node in case["proof"] or []],
    )
    assert held is not case["wantErr"]


def test_the_roots_of_the_eight_reference_leaves_are_right():
    case = json.loads((VECTORS / "ledger_log.json").read_text())["ct_8_leaves"]
    hashed = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in case["leaves_hex"]]
    assert [merkle.tree_root(hashed[:size]).hex() for size in range(9)] == case["roots"]


@given(st.data(), st.integers(1, 600))
def test_every_leaf_of_a_tree_is_proved_and_only_at_its_own_place(data, size):
    index = data.draw(st.integers(0, size - 1))
    tree = leaves(size)
    root, proof = merkle.tree_root(tree), merkle.inclusion_proof(merkle.leaves_reader(tree), index, size)
    assert merkle.inclusion_holds(tree[index], index, size, proof, root)
    other = data.draw(st.integers(0, size + 1).filter(lambda place: place != index))
    assert not merkle.inclusion_holds(tree[index], other, size, proof, root)
    assert not merkle.inclusion_holds(merkle.leaf_hash(b"another"), index, size, proof, root)
    if proof:
        assert not merkle.inclusion_holds(tree[index], index, size, proof[:-1], root)


@given(st.data(), st.integers(1, 600))
def test_every_tree_is_a_proved_prefix_of_its_growth_and_no_forged_one_is(data, new):
    old = data.draw(st.integers(0, new))
    tree = leaves(new)
    old_root, new_root = merkle.tree_root(tree[:old]), merkle.tree_root(tree)
    proof = merkle.consistency_proof(merkle.leaves_reader(tree), old, new)
    assert merkle.consistency_holds(old, new, old_root, new_root, proof)
    forged = merkle.tree_root([merkle.leaf_hash(b"forged"), *tree[1:old]])
    assert not merkle.consistency_holds(old, new, forged, new_root, proof)
    assert old == 0 or not merkle.consistency_holds(old, new, old_root, forged, proof)


@given(st.integers(0, 300))
def test_the_compact_range_gives_the_root_of_the_recursive_definition(size):
    tree = leaves(size)
    edge = merkle.CompactRange()
    for leaf in tree:
        edge.append(leaf)
    assert edge.root() == merkle.range_root(merkle.leaves_reader(tree), 0, size)
    assert edge.root() == merkle.bulk_root(tree)
    assert merkle.CompactRange(size, edge.peaks).root() == edge.root()


def test_a_compact_range_with_a_peak_too_few_is_refused():
    with pytest.raises(ValueError):
        merkle.CompactRange(3, leaves(1))


def test_there_is_no_proof_for_a_leaf_beyond_the_tree_or_of_shrinking():
    read = merkle.leaves_reader(leaves(4))
    with pytest.raises(ValueError):
        merkle.inclusion_proof(read, 4, 4)
    with pytest.raises(ValueError):
        merkle.consistency_proof(read, 5, 4)
