"""Puts comenq into service, and takes it out again: what is outside its virtual environment.

`comenqd setup` and `comenqd service` use it, and scripts/package stages with it. An installation is
a list of steps (`plan`), and each step knows whether it is done already (`steps`). It is for a user
or for the machine (`places`), and a service manager runs its daemon (`managers`).
"""
