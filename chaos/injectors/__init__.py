"""One kind of fault a file: how it is injected, what shows that it bit, how it is healed."""
