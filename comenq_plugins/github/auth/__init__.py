"""How comenq authenticates with GitHub: tokens, Apps, accounts."""
