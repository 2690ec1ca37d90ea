"""What can be asked of the API: one file for each family of endpoints."""

from kauneonga_async.resources.call_recordings import CallRecordings, download_of
from kauneonga_async.resources.context import Context
from kauneonga_async.resources.messages import Messages, listing_of
from kauneonga_async.resources.to_dos import ToDos

__all__ = ["CallRecordings", "Context", "Messages", "ToDos", "download_of", "listing_of"]
