"""Sends messages and fetches files through Meta's Graph API, with pywa."""
