"""Phone codes on their way out, as a relay sends them."""

from messaging.relay.phone_codes import PhoneCodes
from whatsapp.sandbox import transport as sandbox


def codes_leave() -> int:
    """Do what a relay does with codes in one turn, here and now; return how many there were."""
    source = PhoneCodes()
    source.settle(everything=False)
    jobs = source.claim(source.workers)
    for job in jobs:
        source.run(job)
    return len(jobs)


def last_code() -> str:
    """Send what is queued, and return the code that the sandbox took last."""
    codes_leave()
    return sandbox.codes_sent[-1][1]
