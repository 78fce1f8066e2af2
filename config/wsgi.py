"""The WSGI entry of both roles, for gunicorn: `config.wsgi:application`."""

from config.app import make_app
from config.settings import from_environment

application = make_app(from_environment())
