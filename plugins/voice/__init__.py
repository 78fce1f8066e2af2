"""A gateway for telephone calls (语音通知网关): provider of IVoice over HTTP.

`client` asks, `simulator` is a gateway for demonstrations that really speaks (`speech`) and keeps what was said.
Only the device of the evaluation site calls people (`tradehall site`); the hall knows no number to call.

Settings:
    voice.url           address of the gateway
    voice.secret_file   the secret that the device shows it
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from plugins.voice.client import HttpVoice


def voice_from(settings: Mapping[str, str]) -> HttpVoice:
    """The gateway that the settings name."""
    return HttpVoice(settings["voice.url"], Path(settings["voice.secret_file"]).read_text().strip())
