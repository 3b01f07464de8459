"""The v3 endpoints beside mail/send: one file per noun, each a table of routes."""
