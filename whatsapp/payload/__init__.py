"""Reads Meta's webhook payloads into a flat list of elements, over all entries, changes, messages and statuses.

What is written differently than Meta says is read as far as possible. An element without a sender or an id becomes
`Broken` and fails alone. An unknown one becomes `Ignored`: it is acknowledged, and stays in the raw body
(docs/whatsapp.md, "Envelope and fields").
"""
