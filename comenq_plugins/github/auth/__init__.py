"""Who comenq is to GitHub: tokens, Apps, accounts."""
