"""What is done with customers: the only writers of Customer rows.

Each locks the customer first (several in order of id), changes, and records what happened, in one transaction.
"""
