"""How comenq authenticates as a GitHub App: by its key, and with the tokens that this brings."""
