"""Purchase history in, five products out."""
