"""One mail: its content, its payload, its permit, and its way to the provider. No database."""
