"""The WSGI entry of both roles, for gunicorn: `config.wsgi:application`."""

import gc

from config.app import make_app
from config.bodies import limited
from config.settings import from_environment

application = limited(make_app(from_environment()))

# What is there by now stays as long as the process: a collector that walked through it again and again would
# stop every request for some tenths of a second each time.
gc.collect()
gc.freeze()
