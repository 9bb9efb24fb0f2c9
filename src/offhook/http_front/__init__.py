"""The way in over HTTP: uvicorn's parser and protocol with the guard and the Action URI in front of the
pages."""

from .server import HttpServer
from .site import Site

__all__ = ["HttpServer", "Site"]
