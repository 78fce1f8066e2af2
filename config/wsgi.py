"""The WSGI entry of both roles, for gunicorn: `config.wsgi:application`."""

from config.app import make_app
from config.bodies import limited
from config.settings import from_environment

application = limited(make_app(from_environment()))
