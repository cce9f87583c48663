"""Meta's webhook payload, read tolerantly: a flat list of elements over all entries, changes, messages and statuses.

What is malformed becomes `Broken` and fails alone; what is unknown is kept in the raw body and acknowledged
(docs/whatsapp.md, "Envelope and fields").
"""
