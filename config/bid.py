"""`tradehall bid …`: bidding from the command line (投标命令行), with the bid page's own formats.

`seal` works without a network from a policy that `policy` has saved. The certificate key file is named by
`--certificate`; its passphrase, which also protects the bid key file, comes from TRADEHALL_PASSPHRASE or
is asked for. The API key comes from TRADEHALL_API_KEY (made under "My account").
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from bidding.vault.keyfile import WrongPassphrase
from bidding.vault.policy import Policy, parse_policy
from bidding.vault.policy_check import PolicyRefused
from bidding.vault.receipt import accepted, parse_receipt
from bidding.vault.seal import SealError
from bidding.vault.sealed_file import SealedFileError
from config import bidder
from config.bidder import BidError, Hall, HallRefused, SealedBid, Signer, Submitted

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

console = Console(highlight=False)
CLAIMS = ("micro-enterprise", "sheltered", "micro-consortium", "domestic-product")


def main(arguments: Sequence[str]) -> int:
    """One command of `tradehall bid`; 1 when the hall refuses or something is wrong here."""
    chosen = parser().parse_args(arguments)
    try:
        return int(chosen.act(chosen) or 0)
    except HallRefused as refused:
        console.print(f"REFUSED ({refused.status}): {refused}", style="bold red")
        if refused.refusal is not None:
            path = Path("refusal.json")
            path.write_text(json.dumps(refused.refusal))
            console.print(f"the hall's signed refusal is kept in {path}")
    except (BidError, PolicyRefused, SealError, SealedFileError, WrongPassphrase, OSError) as error:
        console.print(str(error), style="bold red")
    return 1


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    made = argparse.ArgumentParser(prog="tradehall bid", description=__doc__)
    acts = made.add_subparsers(required=True, metavar="COMMAND")
    before_the_deadline(acts)
    after_the_deadline(acts)
    return made


def before_the_deadline(acts: Commands) -> None:
    """Sealing, handing in, taking back."""
    one = command(acts, "policy", save_policy, "save a tender's seal policy, for sealing without a network")
    online(one)
    one.add_argument("--trust", type=Path, help="folder with roots.pem, intermediates.pem and crl/")
    one.add_argument("--sha256", default="", help="hash of the policy as the notice prints it")
    one.add_argument("--folder", type=Path, default=Path())
    one.add_argument("tender")
    one = command(acts, "seal", seal, "seal a bid into one .sealed file; works without a network")
    one.add_argument("--policy", type=Path, required=True, help="saved by `tradehall bid policy`")
    one.add_argument("--seq", type=int, default=1, help="this enterprise's 1, 2, 3… in the tender")
    one.add_argument("--replaces", default="", help="hash of the manifest that this bid replaces")
    signing(one)
    content(one)
    one = command(acts, "submit", submit, "upload a .sealed file, hand it in, check the receipt")
    online(one)
    one.add_argument("--trust", type=Path, help="folder with roots.pem, to judge the time stamp by")
    one.add_argument("sealed", type=Path)
    one = command(acts, "replace", replace, "seal a bid in place of the standing one, and hand it in")
    standing(one)
    content(one)
    one = command(acts, "reseal", reseal, "seal the standing bid again for amended documents, and hand it in")
    standing(one)
    one.add_argument("--folder", type=Path, default=Path(), help="where the files are written")
    one.add_argument("key_file", type=Path)
    one = command(acts, "withdraw", withdraw, "take back the bid of a .sealed file")
    online(one)
    signing(one)
    one.add_argument("sealed", type=Path)


def after_the_deadline(acts: Commands) -> None:
    """Decrypting, handing a damaged file in again, receipts."""
    one = command(acts, "decrypt", decrypt, "give the hall the key of one's own bid at the opening")
    online(one)
    signing(one)
    one.add_argument("--tender", required=True)
    one.add_argument("key_file", type=Path)
    one = command(acts, "restore", restore, "send a .sealed file again of which the hall's copy is damaged")
    online(one)
    one.add_argument("sealed", type=Path)
    one = command(acts, "receipt", receipt, "fetch a receipt again and check it")
    online(one)
    one.add_argument("--sealed", type=Path, help="the .sealed file it is for")
    one.add_argument("--trust", type=Path, help="folder with roots.pem, to judge the time stamp by")
    one.add_argument("ref")


def command(acts: Commands, name: str, act: Callable[..., Any], words: str) -> argparse.ArgumentParser:
    one = acts.add_parser(name, help=words, description=words)
    one.set_defaults(act=act)
    return one


def online(one: argparse.ArgumentParser) -> None:
    one.add_argument("--hall", required=True, help="address of the hall")


def signing(one: argparse.ArgumentParser) -> None:
    one.add_argument("--certificate", type=Path, required=True, help="certificate key file (.key.pem)")


def standing(one: argparse.ArgumentParser) -> None:
    """What acts on the bid that stands in a tender want to know."""
    online(one)
    one.add_argument("--tender", required=True)
    one.add_argument("--trust", type=Path)
    signing(one)


def content(one: argparse.ArgumentParser) -> None:
    one.add_argument(
        "--prices", type=Path,
        help="price sheet (.json), or items (.csv, .xlsx); a first response in a consultation has none",
    )  # fmt: skip
    one.add_argument("--period-days", type=int, default=30, help="delivery period, with items")
    one.add_argument("--core-brand", default="", help="brand of the core product, with items")
    one.add_argument("--claim", action="append", default=[], choices=CLAIMS)
    one.add_argument("--folder", type=Path, default=Path(), help="where the files are written")
    one.add_argument("documents", type=Path, nargs="*", help="files of the bid; a final offer has none")


def hall_of(chosen: argparse.Namespace) -> Hall:
    return Hall(chosen.hall, os.environ.get("TRADEHALL_API_KEY", ""))


def passphrase() -> str:
    known = os.environ.get("TRADEHALL_PASSPHRASE")
    return known if known is not None else getpass.getpass("passphrase of the certificate: ")


def save_policy(chosen: argparse.Namespace) -> None:
    """Fetch, check and save."""
    policy = bidder.fetch_policy(hall_of(chosen), chosen.tender, chosen.trust, chosen.sha256)
    if chosen.trust is None:
        console.print(
            "signatures NOT checked: no --trust given; compare the hash with the notice", style="yellow"
        )
    path = chosen.folder / bidder.policy_name(policy)
    path.write_bytes(policy.raw)
    console.print(f"{path}\nSHA-256 {policy.hash.hex()}")


def sheet_of(chosen: argparse.Namespace) -> bytes | None:
    """The part `price-sheet` of the options, when there is one."""
    if chosen.prices is None:
        return None
    if chosen.prices.suffix.lower() == ".json":
        return bytes(chosen.prices.read_bytes())
    return bidder.price_sheet(
        bidder.read_items(chosen.prices), chosen.period_days, chosen.core_brand, chosen.claim
    )


def seal_with(chosen: argparse.Namespace, policy: Policy, seq: int, replaces: bytes | None) -> SealedBid:
    secret = passphrase()
    signer = Signer.open(chosen.certificate, secret)
    with console.status("sealing, and opening once with the key file"):
        made = bidder.seal(
            policy,
            signer,
            sheet_of(chosen),
            chosen.documents,
            chosen.folder,
            secret,
            rng=os.urandom,
            seq=seq,
            replaces=replaces,
        )
    console.print(f"sealed   {made.sealed}\nkey file {made.key_file}  (keep it: it decrypts your bid)")
    return made


def seal(chosen: argparse.Namespace) -> None:
    """Seal only."""
    replaces = bytes.fromhex(chosen.replaces) if chosen.replaces else None
    seal_with(chosen, parse_policy(chosen.policy.read_bytes()), chosen.seq, replaces)
    console.print("NOT YET SUBMITTED: hand it in with `tradehall bid submit`", style="bold yellow")


def submit(chosen: argparse.Namespace) -> int:
    """Upload, hand in, wait for the receipt and judge it."""
    return hand_in(hall_of(chosen), chosen.sealed, chosen.trust)


def replace(chosen: argparse.Namespace) -> int:
    """Seal in place of the standing bid, hand in."""
    hall = hall_of(chosen)
    seq, standing = bidder.next_place(hall, chosen.tender)
    policy = bidder.fetch_policy(hall, chosen.tender, chosen.trust)
    return hand_in(hall, seal_with(chosen, policy, seq, standing).sealed, chosen.trust)


def reseal(chosen: argparse.Namespace) -> int:
    """Open the standing bid with its key file, seal the same content for the present policy, hand in."""
    hall, secret = hall_of(chosen), passphrase()
    signer = Signer.open(chosen.certificate, secret)
    with console.status("opening the standing bid, sealing it again"):
        made = bidder.reseal(
            hall, signer, chosen.tender, chosen.key_file.read_bytes(), chosen.folder, secret,
            trust=chosen.trust, rng=os.urandom,
        )  # fmt: skip
    console.print(f"sealed   {made.sealed}\nkey file {made.key_file}  (keep it: it decrypts your bid)")
    return hand_in(hall, made.sealed, chosen.trust)


def hand_in(hall: Hall, path: Path, trust: Path | None) -> int:
    with bar("uploading") as progress:
        done = bidder.submit(hall, path, progress)
    with console.status("waiting for the receipt"):
        raw, checks = bidder.wait_witnessed(hall, done.receipt, path, trust)
    kept = path.with_name(bidder.receipt_name(parse_receipt(raw).tender, raw))
    kept.write_bytes(raw)
    for check in checks:
        console.print(f"  {check.state:8} {check.words}")
    if not accepted(checks):
        console.print(
            "NOT SUBMITTED SAFELY: the receipt does not hold; tell the supervising authority",
            style="bold red",
        )
        return 1
    console.print(f"SUBMITTED  reference {done.ref}\nreceipt  {kept}", style="bold green")
    return 0


def withdraw(chosen: argparse.Namespace) -> None:
    """Withdraw and keep the receipt."""
    hall, signer = hall_of(chosen), Signer.open(chosen.certificate, passphrase())
    done: Submitted = bidder.withdraw(hall, signer, chosen.sealed)
    raw = bidder.wait_receipt(hall, done.receipt)
    kept = chosen.sealed.with_name(bidder.receipt_name(parse_receipt(raw).tender, raw))
    kept.write_bytes(raw)
    console.print(f"WITHDRAWN  reference {done.ref}\nreceipt  {kept}", style="bold")


def decrypt(chosen: argparse.Namespace) -> None:
    """Release one's own key."""
    secret = passphrase()
    signer = Signer.open(chosen.certificate, secret)
    bidder.decrypt(hall_of(chosen), signer, chosen.tender, chosen.key_file.read_bytes(), secret)
    console.print("the hall has the key of your bid; it is opened when the window ends", style="bold green")


def restore(chosen: argparse.Namespace) -> None:
    """Send what the hall has damaged once more; the hall takes nothing but the same bytes."""
    sent = bidder.restore(hall_of(chosen), chosen.sealed)
    if sent:
        console.print(f"HANDED IN AGAIN  {sent} pieces, each as it was receipted", style="bold green")
    else:
        console.print("the hall's copy of your bid is whole: nothing was sent")


def receipt(chosen: argparse.Namespace) -> int:
    """Fetch a receipt again, and judge it against what was sent."""
    raw = bidder.wait_receipt(hall_of(chosen), f"/api/bids/receipts/{chosen.ref}")
    path = Path(bidder.receipt_name(parse_receipt(raw).tender, raw))
    path.write_bytes(raw)
    console.print(str(path))
    if chosen.sealed is None:
        return 0
    moved = bidder.moved_deadline(hall_of(chosen), parse_receipt(raw).tender)
    checks = bidder.judge_receipt(raw, chosen.sealed, chosen.trust, moved)
    for check in checks:
        console.print(f"  {check.state:8} {check.words}")
    return 0 if accepted(checks) else 1


@contextmanager
def bar(words: str) -> Iterator[bidder.Progress]:
    """A progress bar in bytes."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(words, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
