"""Messages out through Meta's Graph API, spoken by pywa."""
