"""Run a relay as its own process. Needs REDIS_URL; any number of them can run."""

import asyncio
import logging
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.db.encoding import refuse_wrong_encoding
from core.files.storage import stored_files
from core.live.groups import RELAY
from core.live.publishing import attach
from messaging.relay.loop import Relay, refuse_beside_embedded

logger = logging.getLogger("patter")

# Longer than a send that gets no answer: 5 s to connect and 20 s of silence. systemd and Docker must wait for at least
# as long before they kill it.
STOP_SECONDS = 25.0


class Command(BaseCommand):
    help = "Send queued messages and handle waiting webhooks until the process is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            refuse_beside_embedded()
            refuse_wrong_encoding()
            stored_files().refuse_unusable()
        except RuntimeError as error:
            raise CommandError(str(error))
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        # SIGHUP comes when a terminal is closed. Whoever has it ignored (nohup) wants to go on.
        hangs_up = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
        for signum in (signal.SIGINT, signal.SIGTERM, *hangs_up):
            loop.add_signal_handler(signum, stop.set)
        relay = Relay(alone=False)
        await attach().join(RELAY, relay)
        relay.start()
        logger.info("relay: running")
        await stop.wait()
        logger.info("relay: stopping")
        await asyncio.to_thread(relay.stop, STOP_SECONDS)
