"""The provider's back office: one process that follows the ledger, posts events and answers management."""
