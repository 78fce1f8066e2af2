"""`python -m config.assets [--force]`: build the browser's files when their sources changed."""

import subprocess
import sys

from config.assets import build, sealer
from config.assets.toolchain import ToolchainMissing

if __name__ == "__main__":
    try:
        built = build(force="--force" in sys.argv[1:])
    except (ToolchainMissing, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
    facts = sealer()
    sys.stdout.write(
        f"assets {'built' if built else 'up to date'}; {facts['file']} sha256 {facts['sha256']}\n"
    )
