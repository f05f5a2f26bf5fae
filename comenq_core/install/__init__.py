"""What an installation puts outside its virtual environment, and takes away again.

scripts/install.sh makes the virtual environment and runs this in it. An installation is a list of
steps (`plan`), each of which knows whether it is done already (`steps`), at places that depend on
whose it is (`places`).
"""
