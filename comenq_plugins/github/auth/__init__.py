"""How comenq authenticates with GitHub: tokens, and where they are."""
