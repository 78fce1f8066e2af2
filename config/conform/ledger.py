"""Vector files of the ledger: Merkle proofs, checkpoints, tiles.

Every given value is recomputed or verified, so that a damaged copy of a file fails. Accepting is tested
with the right values, refusing with the given wrong ones.
"""

from __future__ import annotations

import ast
import base64
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from config.conform import Kind, ledger_tiles
from config.conform.checks import Case, check, refused
from trading.ledger import merkle
from trading.ledger.checkpoint import (
    LOG_KEY,
    WITNESS_KEY,
    VerifierKey,
    cosign,
    parse_note,
    parse_tlog_proof,
    parse_vkey,
    sign_checkpoint,
    tlog_proof,
    verifier_key,
    verify_cosignature,
    verify_log,
    verify_note,
)
from trading.ledger.tiles import (
    Edge,
    Tile,
    parse_path,
)

MOST_LEAVES = 5_000_000


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _path(proof: Sequence[str] | None) -> list[bytes]:
    return [_bytes(node) for node in proof or []]


def _case_keys(data: Any) -> list[set[str]]:
    cases = data.get("cases") if isinstance(data, dict) else None
    return [set(case) for case in cases if isinstance(case, dict)] if isinstance(cases, list) else []


# --- rfc6962 ------------------------------------------------------------------------------------------


def _is_inclusion(data: Any, path: Path) -> bool:
    return any("leafIdx" in keys and "kind" not in keys for keys in _case_keys(data))


def _is_consistency(data: Any, path: Path) -> bool:
    return any("size1" in keys and "kind" not in keys for keys in _case_keys(data))


def _is_merkle(data: Any, path: Path) -> bool:
    return any("kind" in keys and keys & {"leafIdx", "size1", "leaves"} for keys in _case_keys(data))


def _proof_holds(case: dict[str, Any]) -> bool:
    if "leafIdx" in case:
        return merkle.inclusion_holds(
            _bytes(case["leafHash"]),
            case["leafIdx"],
            case["treeSize"],
            _path(case["proof"]),
            _bytes(case["root"]),
        )
    return merkle.consistency_holds(
        case["size1"], case["size2"], _bytes(case["root1"]), _bytes(case["root2"]), _path(case["proof"])
    )


def _rfc6962_case(name: str, case: dict[str, Any]) -> Case:
    wanted = case.get("wantErr")
    if not isinstance(wanted, bool):
        return name, False, "wantErr is not given"
    test = refused if wanted or "note" in case else check
    return test(name, _proof_holds, case)


def _rfc6962(data: Any, path: Path) -> Iterator[Case]:
    for number, case in enumerate(data["cases"]):
        name = f"{number} {case.get('file') or case.get('desc')}"
        yield _rfc6962_case(name, case)


def _merkle(data: Any, path: Path) -> Iterator[Case]:
    for number, case in enumerate(data["cases"]):
        if case.get("kind") == "roots":
            leaves = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in case["leaves"]]
            yield from _roots_of_prefixes(f"{number} roots", leaves, case["roots"], 1)
        elif case.get("kind") in ("inclusion", "consistency"):
            yield _rfc6962_case(f"{number} {case['kind']} {case.get('desc')}", case)
        else:
            yield f"{number}", False, f"unknown kind {case.get('kind')!r}"


def _roots_of_prefixes(name: str, leaves: list[bytes], roots: list[str], first: int) -> Iterator[Case]:
    """`roots` of the trees of first, first + 1, … leaves, up to all of them."""
    yield f"{name}: one for each size", len(roots) == len(leaves) + 1 - first, f"{len(roots)} roots"
    for size, root in enumerate(roots, first):
        held = merkle.tree_root(leaves[:size]).hex() == root and size <= len(leaves)
        yield f"{name}: size {size}", held, "" if held else "another root"


# --- tlog ---------------------------------------------------------------------------------------------


def _is_tlog(data: Any, path: Path) -> bool:
    return any({"log_pk", "leaves_b64"} <= keys for keys in _case_keys(data))


def _tlog(data: Any, path: Path) -> Iterator[Case]:
    for number, case in enumerate(data["cases"]):
        leaves = [merkle.leaf_hash(_bytes(leaf)) for leaf in case["leaves_b64"]]
        log = VerifierKey(case["origin"], LOG_KEY, bytes.fromhex(case["log_pk"]))
        witness = VerifierKey(case["witness"], WITNESS_KEY, bytes.fromhex(case["witness_pk"]))
        for given in case["checkpoints"]:
            name = f"{number} checkpoint {given['size']}"
            yield check(name, _tlog_checkpoint, given, leaves, log, witness)
        for place, given in enumerate(case["inclusion"]):
            name = f"{number} inclusion {place} (leaf {given['index']} in {given['size']})"
            test = check if given["valid"] is True else refused
            yield test(name, _tlog_inclusion, given, leaves)
        for given in case["consistency"]:
            name = f"{number} consistency {given['from']} to {given['to']}"
            yield check(name, _tlog_consistency, given, leaves)


def _tlog_checkpoint(
    given: dict[str, Any], leaves: list[bytes], log: VerifierKey, witness: VerifierKey
) -> bool:
    checkpoint = verify_log(given["checkpoint"], log)
    verify_cosignature(given["checkpoint"], witness)
    root = merkle.tree_root(leaves[: given["size"]])
    return (
        given["size"] <= len(leaves)
        and (checkpoint.size, checkpoint.root.hex()) == (given["size"], given["root"])
        and checkpoint.root == root
        and str(parse_note(given["checkpoint"])) == given["checkpoint"]
        and _all_signed_by(given["checkpoint"], [log, witness])
    )


def _tlog_inclusion(given: dict[str, Any], leaves: list[bytes]) -> bool:
    index, size, path = given["index"], given["size"], _path(given["proof"])
    leaf, root = merkle.leaf_hash(_bytes(given["leaf_b64"])), merkle.tree_root(leaves[:size])
    held = merkle.inclusion_holds(leaf, index, size, path, root)
    # A proof that is right but not the one this tree gives would be a second proof of one fact.
    made = merkle.inclusion_proof(merkle.leaves_reader(leaves[:size]), index, size) if held else path
    return held and made == path


def _tlog_consistency(given: dict[str, Any], leaves: list[bytes]) -> bool:
    old, new, path = given["from"], given["to"], _path(given["proof"])
    roots = merkle.tree_root(leaves[:old]), merkle.tree_root(leaves[:new])
    made = merkle.consistency_proof(merkle.leaves_reader(leaves[:new]), old, new)
    return merkle.consistency_holds(old, new, *roots, path) and made == path and new <= len(leaves)


def _all_signed_by(note: str, keys: Sequence[VerifierKey]) -> bool:
    """Whether every line is by one of these keys and verifies."""
    known = {(key.name, key.key_id): key for key in keys}
    for signature in parse_note(note).signatures:
        key = known.get((signature.name, signature.key_id))
        if key is None:
            return False
        (verify_log if key.kind == LOG_KEY else verify_cosignature)(note, key)
    return True


# --- ledger_log ---------------------------------------------------------------------------------------


def _is_ledger_log(data: Any, path: Path) -> bool:
    tree = data.get("tree") if isinstance(data, dict) else None
    return isinstance(tree, dict) and {"entry_rule", "roots"} <= set(tree)


def _ledger_log(data: Any, path: Path) -> Iterator[Case]:
    keys = data["keys"]
    yield from _seeds(keys)
    log, witness, second = (parse_vkey(keys[f"{name}_vkey"]) for name in ("log", "witness", "witness2"))
    example = data["c2sp_spec_example"]
    yield check("C2SP's example", verify_note, example["note"], parse_vkey(example["vkey"]))
    leaves = [merkle.leaf_hash(entry) for entry in _entries(data["tree"])]
    read = merkle.leaves_reader(leaves)
    yield from _tree_roots(data["tree"]["roots"], leaves)
    eight = [merkle.leaf_hash(bytes.fromhex(leaf)) for leaf in data["ct_8_leaves"]["leaves_hex"]]
    yield from _roots_of_prefixes("CT's eight leaves", eight, data["ct_8_leaves"]["roots"], 0)
    for given in data["inclusion"]:
        name = f"inclusion of {given['index']} in {given['size']}"
        yield check(name, _log_inclusion, given, leaves, read)
    for given in data["consistency"]:
        name = f"consistency {given['m']} to {given['n']}"
        yield check(name, _log_consistency, given, read)
    notes = data["checkpoints"] | {"two witnesses": data["two_witnesses"]}
    trusted = [log, witness, second]
    for size, note in notes.items():
        yield check(f"checkpoint {size}", _log_checkpoint, size, note, read, keys, trusted)
    lines = len(parse_note(data["two_witnesses"]).signatures)
    yield "two witnesses: three lines", lines == 3, f"{lines} lines"
    for given in data["tampered_checkpoints"]:
        yield refused(f"tampered: {given['why']}", _cosigned, given["note"], log, witness)
    for place, name in data["tile_paths"].items():
        yield check(f"tile path {name}", _tile_path, place, name)
    yield check("tlog-proof", _tlog_proof, data["tlog_proof"], leaves, log, witness)


def _seeds(keys: dict[str, str]) -> Iterator[Case]:
    for name, kind in (("log", LOG_KEY), ("witness", WITNESS_KEY)):
        yield check(f"key of the {name}", _seed_fits, keys[f"{name}_vkey"], kind, keys[f"{name}_seed"])


def _seed_fits(vkey: str, kind: int, seed: str) -> bool:
    return str(verifier_key(vkey.partition("+")[0], kind, bytes.fromhex(seed))) == vkey


def _cosigned(note: str, log: VerifierKey, witness: VerifierKey) -> None:
    verify_log(note, log)
    verify_cosignature(note, witness)


def _entries(tree: dict[str, Any]) -> Iterator[bytes]:
    """The entries of the rule: a text in which <i> is the entry's number."""
    size = max(int(size) for size in tree["roots"])
    encoding, _, pattern = tree["entry_rule"].partition(" of ")
    if encoding != "UTF-8" or "<i>" not in pattern or size > MOST_LEAVES:
        raise ValueError(f"this rule for entries is not understood: {tree['entry_rule']!r}")
    return (pattern.replace("<i>", str(index)).encode() for index in range(size))


def _tree_roots(roots: dict[str, str], leaves: list[bytes]) -> Iterator[Case]:
    edge, wanted = Edge(), {int(size): root for size, root in roots.items()}
    for size in range(len(leaves) + 1):
        if size:
            edge.append(leaves[size - 1])
        if size in wanted:
            held = edge.root().hex() == wanted[size]
            yield f"root of {size} entries", held, "" if held else f"this tree's root is {edge.root().hex()}"


def _log_inclusion(given: dict[str, Any], leaves: list[bytes], read: merkle.Reader) -> bool:
    index, size = given["index"], given["size"]
    leaf, root = bytes.fromhex(given["leaf"]), bytes.fromhex(given["root"])
    path = [bytes.fromhex(node) for node in given["proof"]]
    return (
        leaf == leaves[index]
        and root == merkle.range_root(read, 0, size)
        and path == merkle.inclusion_proof(read, index, size)
        and merkle.inclusion_holds(leaf, index, size, path, root)
    )


def _log_consistency(given: dict[str, Any], read: merkle.Reader) -> bool:
    old, new = given["m"], given["n"]
    roots = bytes.fromhex(given["root_m"]), bytes.fromhex(given["root_n"])
    path = [bytes.fromhex(node) for node in given["proof"]]
    return (
        roots == (merkle.range_root(read, 0, old), merkle.range_root(read, 0, new))
        and path == merkle.consistency_proof(read, old, new)
        and merkle.consistency_holds(old, new, *roots, path)
    )


def _log_checkpoint(
    size: str, note: str, read: merkle.Reader, keys: dict[str, str], trusted: list[VerifierKey]
) -> bool:
    """Verifies every line and makes the log's and the first witness's anew from their seeds."""
    log, witness, _ = trusted
    checkpoint = verify_log(note, log)
    time = verify_cosignature(note, witness)
    own = sign_checkpoint(checkpoint, bytes.fromhex(keys["log_seed"]))
    own += cosign(note, witness.name, bytes.fromhex(keys["witness_seed"]), time)
    return (
        (not size.isdigit() or checkpoint.size == int(size))
        and checkpoint.root == merkle.range_root(read, 0, checkpoint.size)
        and note.startswith(own)
        and _all_signed_by(note, trusted)
    )


def _tile_path(place: str, path: str) -> bool:
    tile = Tile(*ast.literal_eval(place))
    return tile.path == path and parse_path(path) == tile


def _tlog_proof(text: str, leaves: list[bytes], log: VerifierKey, witness: VerifierKey) -> bool:
    given = parse_tlog_proof(text)
    checkpoint = verify_log(given.note, log)
    verify_cosignature(given.note, witness)
    return (
        tlog_proof(given.index, given.proof, given.note, given.extra) == text
        and _all_signed_by(given.note, [log, witness])
        and merkle.inclusion_holds(
            leaves[given.index], given.index, checkpoint.size, given.proof, checkpoint.root
        )
    )


KINDS: list[Kind] = [
    Kind("rfc6962-inclusion", _is_inclusion, _rfc6962),
    Kind("rfc6962-consistency", _is_consistency, _rfc6962),
    Kind("rfc6962-merkle", _is_merkle, _merkle),
    Kind("tlog", _is_tlog, _tlog),
    Kind("ledger-log", _is_ledger_log, _ledger_log),
    Kind("ledger-tiles", ledger_tiles.recognise, ledger_tiles.cases),
]
