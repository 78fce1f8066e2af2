from __future__ import annotations

import subprocess
import sys

GREENLETS = """
from gevent import monkey; monkey.patch_all()
import gevent, tempfile
from pathlib import Path
from tests.pki import NOW, Pki
pki = Pki(Path(tempfile.mkdtemp()))
verifier, signer = pki.verifier(), pki.signer()
def work(number):
    data = str(number).encode()
    for _ in range(3):
        gevent.sleep(0)
        verifier.verify(data, signer.sign(data, NOW), NOW)
    return number
jobs = [gevent.spawn(work, number) for number in range(10)]
gevent.joinall(jobs, raise_error=True)
assert [job.value for job in jobs] == list(range(10))
print("all judged")
"""


def test_greenlets_sign_and_judge_side_by_side() -> None:
    done = subprocess.run([sys.executable, "-c", GREENLETS], capture_output=True, text=True, timeout=60)
    assert done.stdout == "all judged\n", done.stderr
