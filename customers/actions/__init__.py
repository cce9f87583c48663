"""Actions on customers: nothing else writes Customer rows.

Each one locks the customer first (several in order of id), makes its change and records an event, in one transaction.
"""
