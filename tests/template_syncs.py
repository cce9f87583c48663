"""Template syncs, as a relay runs them."""

from whatsapp.template_syncs import TemplateSyncs


def syncs_run() -> int:
    """Do what a relay does with syncs in one turn, here and now; return how many there were."""
    source = TemplateSyncs()
    jobs = source.claim(10)
    for job in jobs:
        source.run(job)
    return len(jobs)
